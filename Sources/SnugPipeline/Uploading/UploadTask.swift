// SPDX-License-Identifier: Apache-2.0
import Crypto
import SnugHTTP
import SnugImage
import SnugSystem
import SnugUpload
import SystemPackage

/// One file of a run, from where it lies to the server.
struct UploadTask: Sendable {
    let request: UploadRequest
    let uploadProtocol: UploadProtocol
    let uploader: Uploader
    let fitter: ImageFitter
    let threads: BlockingThreads
    let limiter: BandwidthLimiter?
    let onEvent: @Sendable (UploadEvent) -> Void

    /// The bytes to send.
    private struct Content {
        var path: FilePath
        /// The place below the destination.
        var name: FilePath
        /// True for a file of ours, which is removed once it is sent.
        var isOurs = false
    }

    /// - Returns: The receipt; `nil` when the file is skipped.
    /// - Throws: ``UploadError``, ``HTTPError``, ``ImageError``, `CancellationError`.
    func run(_ item: UploadPlan.Item) async throws -> (receipt: UploadReceipt, keptAt: FilePath?)? {
        if request.standardInput != nil, item.file.isDash { return try await sendStream(item) }
        let file = try WorkingFolder.absolute(item.file)
        guard request.fitting != nil || (request.finished != nil && !item.isNamed) else {
            return try await send(Content(path: file, name: item.name), of: item)
        }
        let key = try await key(of: item, file)
        if let finished = request.finished, !item.isNamed, !request.resends,
            let receipt = try await finished.receipt(of: key)
        {
            onEvent(.skipped(item.file, .alreadyUploaded(receipt)))
            return nil
        }
        guard let content = try await content(of: item, file, key) else { return nil }
        let result = try await send(content, of: item)
        if !item.isNamed { try await request.finished?.finish(key, with: result.receipt) }
        // Last: a process killed before this finds its upload by the same file again.
        if content.isOurs { try await threads.run { FileSystem.removeIfThere(content.path) } }
        return result
    }

    /// Names the file's content and its target.
    private func key(of item: UploadPlan.Item, _ file: FilePath) async throws -> String {
        let digest: ContentDigest? = try await threads.run {
            do throws(Errno) {
                return try ContentDigest.of(item.followsLinks ? FileSystem.resolve(file) : file)
            } catch {
                throw UploadError(
                    .sourceFailed, "cannot be read: \(error)", resumption: .startOver, cause: error)
            }
        }
        guard let digest else {
            throw UploadError(
                .sourceChanged,
                "changed while it was read; send it again once nothing writes to it",
                resumption: .startOver)
        }
        var hash = SHA256()
        let url = request.destination.url.text
        for text in ["\(digest)", url, uploadProtocol.rawValue, request.fitting?.identity ?? ""] {
            hash.update(data: Array("\(text)\n".utf8))
        }
        hash.update(data: item.name.bytes)
        return String(Array(hash.finalize()).hexadecimal.prefix(40))
    }

    // MARK: Fitting

    /// The bytes to send, fitted where that was asked for; `nil` for a file of a folder that is no image.
    private func content(of item: UploadPlan.Item, _ file: FilePath, _ key: String) async throws -> Content? {
        guard let fitting = request.fitting, let names = item.fittedNames else {
            return Content(path: file, name: item.name)
        }
        func name(_ format: ImageFormat) -> FilePath { names.name(for: format) ?? item.name }
        if let (path, format) = try await threads.run({ fitting.existing(key) }) {
            return Content(path: path, name: name(format), isOurs: true)
        }
        let (source, image): (ImageSource, FittedImage)
        do {
            source = try await threads.run { try ImageSource(file: file, followsLinks: item.followsLinks) }
            image = try await fitter.fit(source, limits: fitting.limits, policy: fitting.policy)
        } catch let error as ImageError where !item.isNamed && [.notAnImage, .emptyInput].contains(error.code) {
            onEvent(.skipped(item.file, error.code == .emptyInput ? .empty : .notAnImage))
            return nil
        }
        var record = FitRecord(
            input: item.file, status: .copied, limitBytes: fitting.limits.fileByteLimit, inputBytes: source.byteCount)
        record.fill(image)
        onEvent(.fitted(item.file, record))
        guard image.status != .copied else { return Content(path: file, name: name(image.format)) }
        let path = fitting.path(key, image.format)
        try await threads.run {
            try FileSystem.makeFolders(fitting.workFolder, mode: 0o700)
            // Where another run was first, its bytes serve as well.
            _ = try OutputPublisher().publish(PublishedContent(image, source: source), to: path, replacing: false)
        }
        return Content(path: path, name: name(image.format), isOurs: true)
    }

    // MARK: Sending

    private func sendStream(_ item: UploadPlan.Item) async throws -> (receipt: UploadReceipt, keptAt: FilePath?)? {
        guard let stream = request.standardInput else { return nil }
        let folder = request.spoolFolder
        let spooled = try await threads.run { try SpooledInput(copying: stream, in: folder) }
        // Read again after every fault, and removed with the last reference.
        defer { withExtendedLifetime(spooled) {} }
        // Standard input cannot be read again by another process.
        let name = FilePath(bytes: spooled.path.nameBytes)
        return try await send(
            Content(path: try WorkingFolder.absolute(spooled.path), name: name), of: item,
            discardsWhenCancelled: true)
    }

    private func send(
        _ content: Content, of item: UploadPlan.Item, discardsWhenCancelled: Bool = false
    ) async throws -> (receipt: UploadReceipt, keptAt: FilePath?) {
        let target = try await request.destination.target(
            for: content.path, named: content.name, uploadProtocol, threads: threads)
        var options = request.options
        options.onProgress = { [onEvent] in onEvent(.progressed(item.file, $0)) }
        options.bandwidthLimiter = limiter ?? options.bandwidthLimiter
        if discardsWhenCancelled { options.discardsWhenCancelled = true }
        let receipt = try await uploader.upload(content.path, to: target, options: options)
        guard let folder = request.receiptFolder else { return (receipt, nil) }
        let name = content.name.lastComponent?.string ?? "file"
        return (receipt, try await threads.run { try Self.keep(receipt, named: name, in: folder) })
    }

    /// Keeps a receipt under the file's name and the time, so that none replaces another.
    private static func keep(_ receipt: UploadReceipt, named name: String, in folder: FilePath) throws -> FilePath {
        try receipt.keep(
            in: try WorkingFolder.absolute(folder),
            named: "\(name).\(WallClock.seconds).\(UInt16.random(in: .min ... .max))")
    }
}
