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

    /// True when the address is a folder's, below which each file gets its name.
    func isFolder(for uploadProtocol: UploadProtocol) -> Bool {
        [.s3, .put, .rangedPut].contains(uploadProtocol) && url.path.hasSuffix("/") && url.query == nil
    }

    /// The target of one file.
    /// - Parameter name: Its place below the address, where that is a folder's; else a server that asks for a name is told.
    /// - Throws: ``UploadError``, ``HTTPError``.
    func target(
        for file: FilePath, named name: FilePath, _ chosen: UploadProtocol, threads: BlockingThreads
    ) async throws -> UploadTarget {
        var place = url
        if isFolder(for: chosen) {
            let names = name.components.map { Self.percentEncoded(FilePath($0).bytes) }
            place = try url.resolving(url.path + names.joined(separator: "/"))
        }
        let detected = contentType == nil ? try await threads.run { Self.mediaType(of: file) } : nil
        // Uploads by tus have metadata for a path; a form has a name only.
        let told = chosen == .tus ? name : name.lastComponent.map { FilePath($0) } ?? name
        var target = UploadTarget(
            place, chosen, headers: headers, filename: String(decoding: told.bytes, as: UTF8.self),
            contentType: contentType ?? detected ?? "application/octet-stream", s3: chosen == .s3 ? s3 : nil, form: form
        )
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

    private static func percentEncoded(_ name: [UInt8]) -> String {
        name.map { byte in
            let scalar = UnicodeScalar(byte)
            let isPlain = byte < 128 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "-._~".utf8.contains(byte) ? String(scalar) : "%" + [byte].hexadecimal.uppercased()
        }.joined()
    }
}

/// Files and folders to upload, and how.
public struct UploadRequest: Sendable {
    /// The files and folders; names may be relative. Folders are mirrored below the destination.
    public var files: [FilePath]
    /// The server.
    public var destination: UploadDestination
    /// The options of every upload; its progress handler is replaced.
    public var options = UploadOptions()
    /// Fits images on their way; `nil` sends every file as it is.
    public var fitting: UploadFitting?
    /// Remembers what was sent of folders, so that the same run again sends only what is missing; `nil` sends everything.
    public var finished: (any FinishedUploadStore)?
    /// Sends also what ``finished`` knows. Default: false.
    public var resends = false
    /// Walks into subfolders. Default: true.
    public var isRecursive = true
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
