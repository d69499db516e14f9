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
    /// True when the server gave no hint of its protocol.
    private(set) var isGuess = false
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

    /// Sets the address and the protocol to the server's choice where they are not set.
    /// - Throws: ``UploadError`` when the server cannot be asked.
    mutating func resolve(
        _ uploader: Uploader, options: UploadOptions = UploadOptions()
    ) async throws -> UploadEndpoint {
        if let uploadProtocol { return UploadEndpoint(url: url, uploadProtocol: uploadProtocol, isGuess: isGuess) }
        let endpoint = try await uploader.detectEndpoint(at: url, headers: headers, options: options)
        url = endpoint.url
        uploadProtocol = endpoint.uploadProtocol
        isGuess = endpoint.isGuess
        return endpoint
    }

    /// The target of one file.
    /// - Parameters:
    ///   - file: The file, whose content gives the media type.
    ///   - place: Its address, by ``UploadPlan``.
    func target(
        for file: FilePath, at place: HTTPURL, _ chosen: UploadProtocol, threads: BlockingThreads
    ) async throws -> UploadTarget {
        let detected = contentType == nil ? try await threads.run { Self.mediaType(of: file) } : nil
        var target = UploadTarget(
            place, chosen, headers: headers, contentType: contentType ?? detected ?? "application/octet-stream",
            s3: chosen == .s3 ? s3 : nil, form: form)
        target.ranged = ranged
        target.isGuess = isGuess
        return target
    }

    /// The media type by the content, never by the name; a file that cannot be read fails when it is sent.
    private static func mediaType(of file: FilePath) -> String? {
        // A pipe that nobody writes to must not hold it up; it is refused when it is sent.
        guard let descriptor = try? FileDescriptor.opening(file, .readOnly, options: .nonBlocking) else { return nil }
        defer { descriptor.closeIgnoringErrors() }
        let start = try? descriptor.readBytes(maximum: ContentSignature.byteCount)
        return start.flatMap { ContentSignature($0).mediaType }
    }
}

/// Files and folders to upload, and how.
public struct UploadRequest: Sendable {
    /// The files and their names at the server; of folders, the files below are sent under their relative paths.
    public var inputs: [UploadInput]
    /// The server.
    public var destination: UploadDestination
    /// The options of every upload; its progress handler is replaced.
    public var options = UploadOptions()
    /// The reaction to files that would get the same address. Default ``UploadPlan/Collisions/refuse``.
    public var collisions = UploadPlan.Collisions.refuse
    /// Fits images on their way; `nil` sends every file as it is.
    public var fitting: UploadFitting?
    /// Remembers what was sent, so that the same run again sends only what is missing; `nil` sends everything.
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
        self.init(inputs: files.map { UploadInput($0) }, destination: destination)
    }

    /// Names a destination for files with names of their own.
    public init(inputs: [UploadInput], destination: UploadDestination) {
        self.inputs = inputs
        self.destination = destination
    }
}
