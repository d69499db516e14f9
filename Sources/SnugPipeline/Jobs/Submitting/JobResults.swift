// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
package import SnugSystem
package import SystemPackage

/// Finds the delivered files of jobs.
package struct JobResults: Sendable {
    private let ledger: any LedgerStore
    private let stateDirectory: FilePath
    private let threads: BlockingThreads
    private let role: FleetRole
    private let storage: (any ByteStorage)?

    /// - Parameters:
    ///   - stateDirectory: The daemon's, absolute.
    ///   - role: The daemon's part among those that share the ledger.
    ///   - storage: Where results of other hosts are; `nil` for none.
    package init(
        _ ledger: any LedgerStore, stateDirectory: FilePath, threads: BlockingThreads, role: FleetRole = .alone,
        storage: (any ByteStorage)? = nil
    ) {
        self.ledger = ledger
        self.stateDirectory = stateDirectory
        self.threads = threads
        self.role = role
        self.storage = storage
    }

    /// The delivered files of a job that are still where they were put, in their order.
    /// - Throws: What the ledger throws, ``StorageError``.
    package func files(of job: Job) async throws -> [FilePath] {
        let own = try await ownFiles(of: job)
        return own.isEmpty ? try await storedFiles(of: job) : own
    }

    private func ownFiles(of job: Job) async throws -> [FilePath] {
        let submissions = role.ledgerName(of: SubmissionFolder.name)
        let delivered = try await ledger.deliveries(of: job.id).filter { $0.deliveredAt != nil }
        let submitted = delivered.filter { $0.folder == submissions }
        let results = SubmissionFolder.results(in: stateDirectory)
        let folders = submitted.compactMap { $0.source.flatMap(SourceKey.init) }.map {
            $0.original.folder.path(below: results)
        }
        // Paths of other hosts say nothing here.
        let isOwn = delivered.contains { role.owns($0.folder) }
        let outputs = isOwn ? JobPayload(text: job.payload).outputs ?? [] : []
        return await threads.runUncancelled {
            for folder in folders {
                let names = ((try? FolderListing.names(in: folder)) ?? []).filter {
                    !$0.starts(with: TemporaryFiles.prefix.utf8)
                }
                let files = names.sorted { $0.lexicographicallyPrecedes($1) }.map {
                    folder.appending(FilePath(bytes: $0).components)
                }
                if !files.isEmpty { return files }
            }
            return outputs.filter(Self.isThere).map { FilePath(bytes: PathText.decode($0.path)) }
        }
    }

    /// Results of another host, fetched from the storage; they go with the results of this host's submissions.
    private func storedFiles(of job: Job) async throws -> [FilePath] {
        guard let storage else { return [] }
        let folder = SubmissionFolder.results(in: stateDirectory).appending(job.id.description)
        var files: [FilePath] = []
        for (index, output) in (JobPayload(text: job.payload).outputs ?? []).enumerated() {
            let path = folder.appending("\(index + 1).\(output.suffix)")
            if await !threads.runUncancelled({ Self.isThere(path, output) }) {
                do {
                    try await threads.run { try FileSystem.makeFolders(folder, mode: 0o700) }
                    try await storage.fetch(output.object, to: path)
                } catch let error as StorageError where error.code == .missing {
                    return []
                }
            }
            files.append(path)
        }
        return files
    }

    /// True for a file of the size that was delivered.
    private static func isThere(_ output: JobPayload.StagedFile) -> Bool {
        isThere(FilePath(bytes: PathText.decode(output.path)), output)
    }

    private static func isThere(_ path: FilePath, _ output: JobPayload.StagedFile) -> Bool {
        let identity = try? FileIdentity(of: path, followsLinks: false)
        return identity?.kind == .file && identity?.byteCount == output.byteCount
    }
}
