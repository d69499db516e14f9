// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import SnugHTTP
import SnugSystem
public import SnugUpload
public import SystemPackage

/// The server that files go to.
public struct UploadDestination: Sendable {
    /// The endpoint, the object's address, or a folder's address, which ends in `/` and gets the file's name added for
    /// S3 and PUT.
    public var url: HTTPURL
    /// `nil` asks the server.
    public var uploadProtocol: UploadProtocol?
    /// Sent with every request.
    public var headers = HTTPFields()
    /// The media type; `nil` takes it from the file's content.
    public var contentType: String?
    /// Needed for S3.
    public var s3: S3Settings?
    /// Field names, for forms.
    public var form = FormSettings()
    /// The style of ranged PUT.
    public var ranged = RangedPutStyle.inPlace

    /// Names a destination.
    public init(url: HTTPURL, uploadProtocol: UploadProtocol? = nil) {
        self.url = url
        self.uploadProtocol = uploadProtocol
    }

    /// The target of one file.
    /// - Throws: ``UploadError``, ``HTTPError`` where the server is asked for its protocol.
    func target(for file: FilePath, uploader: Uploader, threads: BlockingThreads) async throws -> UploadTarget {
        let chosen: UploadProtocol =
            if let uploadProtocol { uploadProtocol } else {
                try await uploader.detectProtocol(of: url, headers: headers)
            }
        var place = url
        if [.s3, .put, .rangedPut].contains(chosen), url.path.hasSuffix("/"), url.query == nil {
            place = try url.resolving(url.path + Self.percentEncoded(file.lastComponent?.string ?? "file"))
        }
        let detected = contentType == nil ? try await threads.run { Self.mediaType(of: file) } : nil
        var target = UploadTarget(
            place, chosen, headers: headers, contentType: contentType ?? detected ?? "application/octet-stream",
            s3: chosen == .s3 ? s3 : nil, form: form)
        target.ranged = ranged
        return target
    }

    /// The media type by the content, never by the name; a file that cannot be read fails when it is sent.
    private static func mediaType(of file: FilePath) -> String? {
        guard let descriptor = try? FileDescriptor.opening(file, .readOnly) else { return nil }
        defer { descriptor.closeIgnoringErrors() }
        let start = try? descriptor.readBytes(maximum: ContentSignature.byteCount)
        return start.flatMap { ContentSignature($0).imageMediaType }
    }

    private static func percentEncoded(_ name: String) -> String {
        name.utf8.map { byte in
            let scalar = UnicodeScalar(byte)
            let isPlain = byte < 128 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "-._~".utf8.contains(byte) ? String(scalar) : "%" + [byte].hexadecimal.uppercased()
        }.joined()
    }
}

/// Files to upload, and how.
public struct UploadRequest: Sendable {
    /// The files; names may be relative.
    public var files: [FilePath]
    /// The server.
    public var destination: UploadDestination
    /// The options of every upload; its progress handler is replaced.
    public var options = UploadOptions()
    /// Files at once. Default: 3.
    public var maximumConcurrency = 3
    /// Maximum bytes a second, of all files together; `nil` for no limit.
    public var bytesPerSecond: Int?
    /// The folder in which receipts are kept; `nil` keeps none.
    public var receiptFolder: FilePath?
    /// The stream that a file named `-` is read from; `nil` takes `-` for a file's name.
    public var standardInput: FileDescriptor?
    /// The folder in which ``standardInput`` is kept during its upload. Default: the system's temporary folder.
    public var spoolFolder: FilePath = "/tmp"

    /// Names a destination.
    public init(files: [FilePath], destination: UploadDestination) {
        self.files = files
        self.destination = destination
    }
}
