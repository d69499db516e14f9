// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import SnugHTTP
internal import SystemPackage

extension Uploader {
    /// Removes the data at the server, in a task of its own because the caller's is cancelled already.
    ///
    /// If that takes too long, the upload stays recorded as discarded under a key of its own, so that the next upload
    /// of the file does not replace the record.
    func discard(_ job: UploadJob) async {
        do {
            guard var record = try await job.record() else { return }
            record.isDiscarded = true
            record.key = "\(job.key)-\(String(UInt32.random(in: .min ... .max), radix: 16))"
            try await store?.save(record)
            try await store?.remove(job.key)
            let isGone = await Task { [brief = job.withShortDeadline(discardTimeout), record] in
                await removeIfPossible(brief, record)
            }.value
            // If the upload has the address of the object, trying later might remove somebody else's object.
            if isGone || record.isAt(job.target.url) { try await store?.remove(record.key) }
        } catch {
            logger.debug("a discarded upload is not recorded", metadata: ["error": "\(error)"])
        }
    }

    private func removeIfPossible(_ job: UploadJob, _ record: UploadRecord) async -> Bool {
        do {
            return try await Self.remove(job, record)
        } catch {
            logger.debug("a discarded upload stays at the server for now", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Removes the data of cancelled uploads from a server that has just shown that it responds.
    func cleanUp(_ job: UploadJob) async {
        do {
            for record in try await pending()
            where record.isDiscarded && record.uploadProtocol == job.target.uploadProtocol {
                guard let url = try? HTTPURL(record.target), url.origin == job.target.url.origin else { continue }
                var target = job.target
                target.url = url
                guard try await removeDiscarded(record, target: target, within: cleanUpTimeout) else { return }
            }
        } catch {
            logger.debug("discarded uploads stay at the server for now", metadata: ["error": "\(error)"])
        }
    }

    /// Abandons a pending upload: removes its data from the server, then the record.
    /// - Parameters:
    ///   - record: The upload, one of ``pending()``.
    ///   - target: Its target, with the credentials.
    /// - Returns: True when no data is left. Otherwise the record says so, and removal is tried again after the next
    ///   upload to that server. If the upload has the address of the object, the record is removed and the data stays.
    public func abandon(_ record: UploadRecord, target: UploadTarget) async throws -> Bool {
        guard let store else { return false }
        guard record.hasBegun, !record.isAt(target.url) else {
            try await store.remove(record.key)
            return !record.hasBegun
        }
        var discarded = record
        discarded.isDiscarded = true
        try await store.save(discarded)
        return try await removeDiscarded(discarded, target: target)
    }

    /// Tries again to remove the data of a cancelled upload.
    /// - Parameters:
    ///   - record: The upload, one of ``pending()``.
    ///   - target: Its target, with the credentials.
    /// - Returns: True when no data is left; the record is removed then.
    public func removeDiscarded(_ record: UploadRecord, target: UploadTarget) async throws -> Bool {
        try await removeDiscarded(record, target: target, within: .seconds(30))
    }

    private func removeDiscarded(
        _ record: UploadRecord, target: UploadTarget, within timeout: Duration
    ) async throws -> Bool {
        guard let store, record.isDiscarded else { return false }
        // Only addresses matter here, and the file may be gone.
        let source = try UploadSource(standInFor: FilePath(record.path))
        let job = makeJob(source, target, UploadOptions())
        guard try await Self.remove(job.withShortDeadline(timeout), record) else { return false }
        try await store.remove(record.key)
        return true
    }

    private static func remove(_ job: UploadJob, _ record: UploadRecord) async throws -> Bool {
        if record.uploadProtocol == .s3 {
            let upload = try S3Upload(job: job)
            guard let id = try await upload.identifier(record) else { return true }
            return try await upload.discard(id)
        }
        for piece in record.pieces ?? [] {
            guard let text = piece.uploadURL else { continue }
            guard try await TusDialect(job: job).discard(try HTTPURL(text)) else { return false }
        }
        guard let text = record.uploadURL else { return true }
        let upload = try HTTPURL(text)
        switch record.uploadProtocol {
        case .tus: return try await TusDialect(job: job).discard(upload)
        case .resumable: return try await DraftDialect(job: job).discard(upload)
        case .rangedPut: return try await RangedPutDialect(job: job).discard(upload)
        case .s3, .put, .form: return true
        }
    }
}
