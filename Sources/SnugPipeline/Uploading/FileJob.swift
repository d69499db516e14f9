// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugSystem
import SnugUpload
import SystemPackage

/// Uploads one file of a run.
struct FileJob: Sendable {
    let request: UploadRequest
    let uploader: Uploader
    let fitter: ImageFitter
    let threads: BlockingThreads
    let uploadProtocol: UploadProtocol
    let limiter: BandwidthLimiter?
    let repetitions = Repetitions()
    let onEvent: @Sendable (UploadEvent) -> Void

    /// - Returns: The receipt; `nil` for a file that had not to be sent.
    func outcome(of item: UploadItem) async throws -> Result<UploadReceipt?, UploadError> {
        let file = item.input.file
        var spooled: SpooledInput?
        // Read again after every fault, and removed with the last reference.
        defer { withExtendedLifetime(spooled) {} }
        var content: UploadContent?
        let failure: UploadError
        do {
            if let stream = request.standardInput, file.isDash {
                let folder = request.spoolFolder
                spooled = try await threads.run { try SpooledInput(copying: stream, in: folder) }
            }
            let source = try WorkingFolder.absolute(spooled?.path ?? file)
            let key = try await key(of: item, source)
            if let key, let receipt = try await finished(key, item) {
                // A process killed right after it was noted left its fitted image.
                await forget(key)
                onEvent(.skipped(file, .alreadyUploaded(receipt)))
                return .success(nil)
            }
            content = try await self.content(of: item, source, key)
            if content?.path == source { content?.take(spooled, named: item.input.name) }
            guard let content else { return .success(nil) }
            let receipt = try await upload(content, item, source, key, isSpooled: spooled != nil)
            // Last: a process killed before this finds its upload by the same file again.
            if content.isOurs { await remove(content.path) }
            onEvent(.uploaded(file, receipt, keptAt: await kept(receipt, of: file)))
            return .success(receipt)
        } catch let other as SentMeanwhile {
            if let content, content.isOurs { await remove(content.path) }
            onEvent(.skipped(file, .alreadyUploaded(other.receipt)))
            return .success(nil)
        } catch let error as UploadError {
            failure = error
        } catch let error as HTTPError {
            failure = UploadError(.invalidTarget, error.message, cause: error)
        } catch let error as ImageError {
            failure = UploadError(.sourceFailed, error.message, cause: error)
        } catch let error as Errno {
            failure = UploadError(
                .stateFailed, "cannot make the work folder: \(error); name another with --state", cause: error)
        } catch is CancellationError {
            onEvent(.interrupted(file, await missingResponseError(of: content)))
            throw CancellationError()
        }
        onEvent(.failed(file, failure))
        return .failure(failure)
    }

    private func upload(
        _ content: UploadContent, _ item: UploadItem, _ source: FilePath, _ key: String?, isSpooled: Bool
    ) async throws -> UploadReceipt {
        var target = try await request.destination.target(
            for: content.path, at: content.url, uploadProtocol, threads: threads)
        target.filename = content.toldName
        let file = item.input.file
        var options = request.options
        options.onProgress = { [onEvent] in onEvent(.progressed(file, $0)) }
        // A key counts how often it was made, so it is made once.
        let known = SharedKey(key)
        options.willSend = { known.set(try await checkNotSent(item, source, key)) }
        // The file is delivered: what cannot be noted is no failure, and is sent again by the next run.
        options.didSend = { try? await remember($0, of: item, known.key) }
        options.bandwidthLimiter = limiter ?? options.bandwidthLimiter
        // Standard input cannot be read again by another process.
        if isSpooled { options.discardsWhenCancelled = true }
        options.recordName = content.recordName
        if options.inputName == nil, isSpooled || content.isOurs {
            options.inputName = isSpooled ? file : try? WorkingFolder.absolute(file)
        }
        return try await uploader.upload(content.path, to: target, options: options)
    }

    private func forget(_ key: String) async {
        guard let fitting = request.fitting else { return }
        // What cannot be removed now is removed when it is old.
        try? await threads.run { fitting.forget(key) }
    }

    private func remove(_ path: FilePath) async {
        // What cannot be removed now is removed when it is old.
        try? await DetachedThread.value { FileSystem.removeIfThere(path) }
    }

    /// The error of a cancelled upload whose request may have taken effect.
    private func missingResponseError(of content: UploadContent?) async -> UploadError? {
        guard let content else { return nil }
        return await uploader.missingResponseError(
            content.recordName ?? content.path, to: UploadTarget(content.url, uploadProtocol))
    }

    /// Keeps a receipt. The file is delivered, so a receipt that cannot be kept is no failure of the upload.
    private func kept(_ receipt: UploadReceipt, of file: FilePath) async -> FilePath? {
        guard let folder = request.receiptFolder else { return nil }
        return try? await DetachedThread.value { try Self.keep(receipt, of: file, in: folder) }
    }

    /// Keeps a receipt under the file's name and the time, so that none replaces another. A long name is cut: the
    /// receipt has to fit a folder whose names have a limit.
    private static func keep(_ receipt: UploadReceipt, of file: FilePath, in folder: FilePath) throws -> FilePath {
        let name = file.isDash ? "stdin" : file.lastComponent?.string ?? "file"
        var short = name
        while short.utf8.count > 120 { short.removeLast() }
        return try receipt.keep(
            in: try WorkingFolder.absolute(folder),
            named: "\(short).\(WallClock.seconds).\(UInt16.random(in: .min ... .max))")
    }
}
