// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
public import SnugUpload

/// The server that a folder's images are uploaded to.
public struct UploadSettings: Sendable, Hashable {
    /// The value of a header field.
    public enum HeaderValue: Sendable, Hashable {
        /// Text that everybody may see.
        case text(String)
        /// A secret by its place, after a text such as `Bearer `.
        case secret(prefix: String, SecretReference)
    }

    /// A header field.
    public struct Header: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The value.
        public var value: HeaderValue

        /// Makes a field.
        public init(_ name: String, _ value: HeaderValue) {
            self.name = name
            self.value = value
        }
    }

    /// The keys of S3 by their places.
    public struct S3Keys: Sendable, Hashable {
        /// The identifier of the access key. Default `AWS_ACCESS_KEY_ID`.
        public var accessKeyID: SecretReference
        /// The access key. Default `AWS_SECRET_ACCESS_KEY`.
        public var secretKey: SecretReference
        /// Default `us-east-1`.
        public var region: String

        /// Names the places.
        public init(
            accessKeyID: SecretReference = .environment("AWS_ACCESS_KEY_ID"),
            secretKey: SecretReference = .environment("AWS_SECRET_ACCESS_KEY"), region: String = "us-east-1"
        ) {
            self.accessKeyID = accessKeyID
            self.secretKey = secretKey
            self.region = region
        }
    }

    /// The endpoint; for S3 and PUT a folder's address, which ends in `/` and gets the file's name added. It has no secret.
    public var url: HTTPURL
    /// The address's query where a part of it is secret, such as a token of Azure; `nil` leaves the address as it is.
    public var query: HeaderValue?
    /// The upload protocol; `nil` asks the server.
    public var uploadProtocol: UploadProtocol?
    /// Sent with every request.
    public var headers: [Header]
    /// The media type; `nil` takes it from the file's content.
    public var contentType: String?
    /// Keys for S3.
    public var s3: S3Keys?
    /// The name of the file's field in forms. Default `file`.
    public var formField: String

    /// The fault of an address; `nil` for none.
    ///
    /// With PUT and S3 the address is the object's own, so that a folder's files need one that ends in `/`.
    static func fault(ofAddress url: HTTPURL, _ uploadProtocol: UploadProtocol?) -> String? {
        guard let uploadProtocol, UploadPlan.namesObjects(uploadProtocol), !url.path.hasSuffix("/") else { return nil }
        return "\(url) is the address of one file for \(uploadProtocol.rawValue), and each file would replace the one "
            + "before; end it with '/' to get each file's name added"
    }

    /// Names a server.
    public init(url: HTTPURL, uploadProtocol: UploadProtocol? = nil) {
        self.url = url
        self.uploadProtocol = uploadProtocol
        headers = []
        formField = "file"
    }
}
