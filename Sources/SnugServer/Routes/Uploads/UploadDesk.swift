// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import Logging
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// Keeps uploads that come in parts: records and locks in the ledger, bytes in the state directory.
///
/// An upload that is whole becomes a job. One that is not goes with its time.
struct UploadDesk: Sendable {
    let jobs: ServerJobs
    let folder: FilePath
    let maximumBytes: Int
    /// Uploads that may be under way at once.
    let maximumCount: Int
    let maximumAge: Duration
    let minimumDiskBytes: Int?
    /// The memory of parts that are not written yet: apart from that of other bodies, which uploads cannot use up.
    let buffers: BodyBudget

    init(_ jobs: ServerJobs, _ configuration: ServerConfiguration) {
        self.jobs = jobs
        folder = jobs.stateDirectory.appending("submissions/uploads")
        maximumBytes = configuration.maximumUploadBytes
        maximumCount = configuration.maximumUploads
        maximumAge = configuration.uploadAge
        minimumDiskBytes = configuration.minimumDiskBytes
        buffers = BodyBudget(total: configuration.receivingBytes / 4)
    }

    func file(of id: String) -> FilePath { folder.appending(id) }

    // MARK: Records

    /// Notes a new upload.
    /// - Throws: `too_many_uploads`, `disk_full`; what the ledger throws.
    func create(_ upload: ReceivedUpload) async throws -> LedgerInstant {
        let open = try await all().filter { !$0.isWhole }
        guard open.count < maximumCount else {
            var error = ServiceError(
                .serviceUnavailable, "too_many_uploads",
                "\(open.count) uploads are under way, which is the maximum; finish or delete some, or try again later")
            error.retryAfter = .seconds(60)
            throw error
        }
        try await requireRoom(for: upload.missing, besides: open)
        return try await save(upload)
    }

    /// Makes sure that the disk has room for bytes that no upload has announced yet.
    /// - Throws: `disk_full`; what the ledger throws.
    func requireRoom(for count: Int) async throws {
        try await requireRoom(for: count, besides: try await all().filter { !$0.isWhole })
    }

    private func requireRoom(for count: Int, besides open: [ReceivedUpload]) async throws {
        let folder = folder
        let space = await jobs.threads.runUncancelled { () -> (available: Int, total: Int)? in
            try? FileSystem.makeFolders(folder, mode: 0o700)
            return FileSystem.space(at: folder)
        }
        // What others have announced is theirs.
        let promised = open.reduce(0) { $0 + $1.missing }
        let reserve = minimumDiskBytes ?? DiskReserve.bytes(ofTotal: space?.total ?? 0)
        guard let space, count <= space.available - promised - reserve else {
            throw ServiceError(
                HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "disk_full",
                "the disk has no room for \(ByteCount(count)) more beside the \(ByteCount(reserve)) that stay free and what "
                    + "other uploads have announced; try again later")
        }
    }

    /// Keeps a record.
    /// - Returns: Its end, unless something comes.
    @discardableResult
    func save(_ upload: ReceivedUpload) async throws -> LedgerInstant {
        let end = LedgerInstant.now + maximumAge
        try await jobs.ledger.save(try upload.payload, as: .receivedUploads, upload.id, expiresAt: end)
        return end
    }

    /// A record.
    /// - Throws: `no_such_upload`; what the ledger throws.
    func upload(_ id: String) async throws -> (upload: ReceivedUpload, end: LedgerInstant) {
        guard ReceivedUpload.isID(id), let document = try await jobs.ledger.document(.receivedUploads, id),
            let upload = ReceivedUpload(payload: document.payload)
        else {
            throw ServiceError(
                .notFound, "no_such_upload", "there is no such upload, or no longer; begin another at /v1/uploads")
        }
        return (upload, document.expiresAt ?? .now)
    }

    private func all() async throws -> [ReceivedUpload] {
        try await jobs.ledger.documents(.receivedUploads).compactMap { ReceivedUpload(payload: $0.payload) }
    }

    /// Does something with an upload that nobody else does anything with.
    /// - Throws: `upload_locked`; what `body` throws.
    func locked<Result: Sendable>(_ id: String, _ body: () async throws -> Result) async throws -> Result {
        guard let lock = try await jobs.ledger.lock("received:\(id)") else {
            var error = ServiceError(
                HTTPResponse.Status(code: 423, reasonPhrase: "Locked"), "upload_locked",
                "another request is at work on this upload; try again when it has ended")
            error.retryAfter = .seconds(1)
            throw error
        }
        do {
            let result = try await body()
            // Where that fails, the name is free when the process ends.
            try? await jobs.ledger.unlock(lock)
            return result
        } catch {
            try? await jobs.ledger.unlock(lock)
            throw error
        }
    }

    /// Removes an upload with its bytes.
    func remove(_ id: String) async throws {
        try await jobs.ledger.remove(.receivedUploads, id)
        let file = file(of: id)
        await jobs.threads.runUncancelled { FileSystem.removeIfThere(file) }
    }

    // MARK: Jobs

    /// Makes a job of an upload that is whole.
    /// - Returns: The record with the job.
    func submit(_ upload: ReceivedUpload) async throws -> ReceivedUpload {
        let order = try jobs.order(upload.fields.map { ($0.name, $0.value) })
        let file = file(of: upload.id)
        let submission = order.submission(.file(file), named: OutputFileName(upload.name))
        var upload = upload
        upload.job = try await jobs.daemon.submit([submission]).first?.job.id.description
        try await save(upload)
        await jobs.threads.runUncancelled { FileSystem.removeIfThere(file) }
        return upload
    }

    /// Makes jobs of uploads that are whole and none yet, because the process or the daemon ended in between, and removes
    /// the bytes of those whose time is over.
    /// - Returns: True when nothing is left to be made a job.
    func cleanUp(_ logger: Logger) async -> Bool {
        do {
            // Before the records: a file that is there by now has had one.
            let folder = folder
            let names = await jobs.threads.runUncancelled { (try? FolderListing.names(in: folder)) ?? [] }
            let all = try await all()
            var isDone = true
            for upload in all where upload.isWhole && upload.job == nil {
                do { _ = try await locked(upload.id) { try await submit(upload) } } catch {
                    isDone = false
                    logger.debug("upload becomes no job yet", metadata: ["reason": "\(error)"])
                }
            }
            let known = Set(all.filter { $0.job == nil }.map(\.id))
            await jobs.threads.runUncancelled {
                for id in names.map({ String(decoding: $0, as: UTF8.self) })
                where ReceivedUpload.isID(id) && !known.contains(id) {
                    FileSystem.removeIfThere(folder.appending(id))
                }
            }
            return isDone
        } catch {
            logger.warning("uploads cannot be looked through", metadata: ["reason": "\(error)"])
            return false
        }
    }

    /// Looks through the uploads again and again, until the task is cancelled.
    func keepHouse(every period: Duration, _ logger: Logger) async {
        while !Task.isCancelled {
            let isDone = await cleanUp(logger)
            try? await Task.sleep(for: isDone ? period : min(period, .seconds(1)))
        }
    }
}
