// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem
import SystemPackage

/// Brings the work folders and the ledger together again after a process that ended in between.
struct Recovery: Sendable {
    let services: StageServices
    let setup: DaemonSetup
    let board: JobBoard

    /// Files looked up together.
    private static let batchSize = 256

    /// The treatment of a file that is in a work folder and not in the ledger.
    enum LostFiles: Sendable {
        case putIn(FileTaker)
        /// Nobody was told that it is in.
        case remove
        /// It is on its way in.
        case leave
    }

    /// Puts in what was taken and is not in the ledger, and puts away what is over.
    func run(_ context: FolderContext, _ taker: FileTaker) async throws {
        try await services.threads.run {
            guard FileSystem.isFolder(context.settings.inbox) else { return }
            try context.intake().recover()
        }
        try await lookThrough(context, lost: .putIn(taker))
    }

    /// Looks through the work folder of submitted images.
    /// - Parameter isStart: Nothing is on its way in.
    func lookThroughSubmissions(isStart: Bool) async throws {
        try await services.threads.run {
            // Jobs of a folder that is not there would wait for it.
            try FileSystem.makeFolders(setup.submissions.settings.inbox, mode: 0o700)
        }
        try await lookThrough(setup.submissions, lost: isStart ? .remove : .leave)
    }

    private func lookThrough(_ context: FolderContext, lost: LostFiles) async throws {
        for work in context.workPlaces {
            let files = try await services.threads.run { try work.contents() }
            var rest = files[...]
            while !rest.isEmpty {
                let batch = Array(rest.prefix(Self.batchSize))
                rest = rest.dropFirst(Self.batchSize)
                try Task.checkCancellation()
                try await bringTogether(batch, work, context, lost)
            }
        }
    }

    private func bringTogether(
        _ files: [TakenFile], _ work: WorkFolder, _ context: FolderContext, _ treatment: LostFiles
    ) async throws {
        let keys = files.map { SourceKey.moved($0.id, $0.original).text }
        let known = try await services.ledger.knownSources(of: context.settings.name, among: keys)
        let lost = zip(files, keys).filter { !known.contains($1) }.map(\.0)
        switch treatment {
        case .putIn(let taker):
            let prepared = try await services.threads.run {
                try lost.compactMap { file in
                    let identity = try FileIdentity(of: file.path, followsLinks: false)
                    return try taker.prepared(file, FileVersion(identity))
                }
            }
            _ = await taker.enqueue(prepared)
        case .remove:
            await services.threads.runUncancelled {
                for file in lost {
                    FileSystem.removeIfThere(file.path)
                    work.removeFolders(of: file.original, id: file.id)
                }
            }
        case .leave: break
        }
        for (file, key) in zip(files, keys) where known.contains(key) {
            try await putAway(file, key, context)
        }
    }

    /// Puts a file away whose name is delivered, or whose job is over: the process ended before it did.
    ///
    /// A delivered name is over even where its job waits for another name of the same content.
    private func putAway(_ file: TakenFile, _ key: String, _ context: FolderContext) async throws {
        // The ledger gives the job of a source that it knows, whatever else it is told.
        let question = NewJob(
            JobIdentity(contentHash: nil, pipeline: ""), name: PathText.encode(file.original.bytes),
            folder: context.settings.name, source: key)
        guard let job = try await services.ledger.enqueue([question]).first?.job,
            let name = try await services.ledger.deliveries(of: job.id).first(where: { $0.source == key })
        else { return }
        let cleaner = SourceCleaner(services: services, setup: setup, board: board)
        if name.deliveredAt != nil {
            await cleaner.finish([name], of: job)
        } else if [.failed, .cancelled].contains(job.state) {
            let reason = job.reason ?? JobReason(code: JobReason.byRequest, message: "cancelled")
            _ = await cleaner.fail(name, of: job, reason)
        }
    }
}
