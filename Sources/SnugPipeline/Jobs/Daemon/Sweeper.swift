// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugLedger
import SnugSystem
import SystemPackage

/// Removes what processes that were killed have left, and what nobody needs any more.
struct Sweeper: Sendable {
    let services: StageServices
    let setup: DaemonSetup

    /// Age after which a temporary file that is not this daemon's is nobody's.
    private static let maximumAge = 3600

    /// The beginning of the names of a daemon's temporary files. No other process has it while the daemon runs.
    static func prefix(_ stateDirectory: FilePath) -> String {
        let hash = stateDirectory.bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return TemporaryFiles.prefix + "d" + String(hash, radix: 36) + "-"
    }

    /// Removes temporary files of killed processes.
    /// - Parameter isStart: Nothing of this process is being written yet.
    func removeTemporaries(isStart: Bool) async {
        var folders: Set<FilePath> = []
        for context in setup.watched {
            folders.formUnion([context.settings.outbox, context.settings.failedFolder])
            if context.settings.source == .move { folders.insert(context.settings.doneFolder) }
            folders.formUnion(context.workPlaces.map(\.path))
        }
        folders.insert(services.files.root)
        folders.formUnion([setup.submissions.settings.outbox] + setup.submissions.workPlaces.map(\.path))
        let own = isStart ? Array(Self.prefix(setup.configuration.stateDirectory).utf8) : nil
        for folder in folders {
            await services.threads.runUncancelled { Self.sweep(folder, own: own, depth: 0) }
        }
    }

    private static func sweep(_ folder: FilePath, own: [UInt8]?, depth: Int) {
        guard depth < 64 else { return }
        for name in (try? FolderListing.names(in: folder)) ?? [] {
            let path = folder.appending(FilePath(bytes: name).components)
            guard name.starts(with: TemporaryFiles.prefix.utf8) else {
                if name.first != UInt8(ascii: "."),
                    (try? FileIdentity(of: path, followsLinks: false))?.kind == .folder
                {
                    sweep(path, own: own, depth: depth + 1)
                }
                continue
            }
            guard let identity = try? FileIdentity(of: path, followsLinks: false), identity.kind == .file else {
                continue
            }
            let isOwn = own.map { name.starts(with: $0) } ?? false
            if isOwn || WallClock.seconds - Int(identity.changed / 1_000_000_000) > maximumAge {
                FileSystem.removeIfThere(path)
            }
        }
    }

    /// Removes folders that a process that was killed had made for files.
    func removeEmptyWorkFolders() async {
        let places = (setup.watched + [setup.submissions]).flatMap(\.workPlaces)
        await services.threads.runUncancelled { for work in places { work.removeEmptyFolders() } }
    }

    /// Removes the files of claims that ended with an earlier process.
    func removeClaims() async {
        let files = services.files
        await services.threads.runUncancelled { files.removeClaims() }
    }

    /// Removes the files of jobs that are over and forgotten.
    func removeJobFiles() async {
        let files = services.files
        let ids = await services.threads.runUncancelled { files.jobs() }
        for id in ids {
            do {
                let job = try await services.ledger.list(JobFilter(ids: [id])).first
                guard let job else {
                    await forget(id)
                    continue
                }
                let isPaid = JobOptions(text: job.identity.options)?.generation != nil
                if job.state == .delivered, !isPaid || services.storage != nil {
                    await services.threads.runUncancelled { files.remove(id) }
                }
            } catch {
                services.logger.warning("old files stay", metadata: ["reason": "\(error)"])
                return
            }
        }
    }

    /// Removes results and failed files of submitted images whose jobs are forgotten by now.
    func removeOldSubmissions() async {
        let (settings, policy) = (setup.submissions.settings, setup.configuration.retention)
        // Jobs that failed are remembered longest, as a rule; a cancelled one has its file among the failed ones.
        for (folder, age) in [(settings.outbox, policy.delivered), (settings.failedFolder, policy.failed)] {
            guard let age else { continue }
            // A day more: never before the job is forgotten.
            let end = WallClock.seconds - Int(age / .seconds(1)) - 86_400
            await services.threads.runUncancelled {
                for name in (try? FolderListing.names(in: folder)) ?? [] {
                    let path = folder.appending(FilePath(bytes: name).components)
                    guard let identity = try? FileIdentity(of: path, followsLinks: false), identity.kind == .folder,
                        Int(identity.modified / 1_000_000_000) < end
                    else { continue }
                    JobFiles.removeTree(path)
                }
            }
        }
    }

    private func forget(_ id: JobID) async {
        let files = services.files
        try? await services.generationStores.journal.remove(id.description)
        await services.threads.runUncancelled { files.remove(id) }
    }

    /// Forgets jobs by age. Where sources stay in an inbox, delivered ones are what keeps them from being done again.
    func prune() async {
        var policy = setup.configuration.retention
        switch setup.configuration.role {
        case .alone: break
        // Other hosts may remember their jobs for longer.
        case .host: policy.folders = setup.ownFolders
        case .worker: return
        }
        if setup.watched.contains(where: { !$0.movesSources }) {
            policy.delivered = nil
            policy.cancelled = nil
        }
        do { try await services.ledger.prune(policy) } catch {
            services.logger.warning("ledger cannot be pruned", metadata: ["reason": "\(error)"])
        }
    }
}
