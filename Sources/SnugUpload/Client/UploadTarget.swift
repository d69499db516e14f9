// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import SnugHTTP

/// The upload protocols.
public enum UploadProtocol: String, Sendable, Hashable, Codable, CaseIterable {
    /// tus 1.0.0.
    case tus
    /// Resumable uploads for HTTP (IETF draft, interop version 6 and what falls back from it).
    case resumable
    /// S3 multipart.
    case s3
    /// PUT requests with `Content-Range`.
    case rangedPut = "ranged-put"
    /// One PUT.
    case put
    /// One POST as multipart/form-data.
    case form
}

/// The destination of an upload.
public struct UploadTarget: Sendable {
    /// The tus or draft endpoint, the object's address, or the form's action.
    public var url: HTTPURL
    /// The upload protocol.
    public var uploadProtocol: UploadProtocol
    /// True for a protocol that nobody has named: then a web page is no receipt of a form.
    public var isGuess = false
    /// Header fields for every request.
    public var headers: HTTPFields
    /// The name for the server, by default the name of the file.
    public var filename: String?
    /// The media type.
    public var contentType: String
    /// Settings for ``UploadProtocol/s3``.
    public var s3: S3Settings?
    /// Settings for ``UploadProtocol/form``.
    public var form: FormSettings
    /// The variant of ``UploadProtocol/rangedPut``.
    public var ranged = RangedPutStyle.inPlace

    /// Names a target.
    public init(
        _ url: HTTPURL, _ uploadProtocol: UploadProtocol, headers: HTTPFields = [:], filename: String? = nil,
        contentType: String = "application/octet-stream", s3: S3Settings? = nil, form: FormSettings = FormSettings()
    ) {
        self.url = url
        self.uploadProtocol = uploadProtocol
        self.headers = headers
        self.filename = filename
        self.contentType = contentType
        self.s3 = s3
        self.form = form
    }
}

/// Credentials and region for S3.
public struct S3Settings: Sendable, Hashable {
    /// The identifier of the access key.
    public var accessKeyID: String
    /// The access key.
    public var secretKey: Secret
    /// The session token of temporary credentials.
    public var sessionToken: Secret?
    /// Default `us-east-1`.
    public var region: String
    /// True to fail instead of replacing an object that is already there.
    public var refusesOverwriting: Bool
    /// Validity of a presigned address in the receipt, at most a week; `nil` makes none.
    public var presignedFor: Duration?

    /// Names the signer.
    public init(
        accessKeyID: String, secretKey: Secret, sessionToken: Secret? = nil, region: String = "us-east-1",
        refusesOverwriting: Bool = false, presignedFor: Duration? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
        self.refusesOverwriting = refusesOverwriting
        self.presignedFor = presignedFor
    }
}

/// The fields of a form besides the file.
public struct FormSettings: Sendable, Hashable {
    /// The name of the file's field. Default `file`.
    public var fileField: String
    /// Text fields, sent in this order before the file: some servers act on the order.
    public var fields: [Field]

    /// One text field.
    public struct Field: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Its text.
        public var value: String

        /// Makes a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Describes a form.
    public init(fileField: String = "file", fields: [Field] = []) {
        self.fileField = fileField
        self.fields = fields
    }
}
