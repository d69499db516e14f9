// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
package import SnugSystem
package import SystemPackage

/// Finds the delivered files of jobs.
package struct JobResults: Sendable {
    private let ledger: any LedgerStore
    private let stateDirectory: FilePath
    private let threads: BlockingThreads

    /// - Parameter stateDirectory: The daemon's, absolute.
    package init(_ ledger: any LedgerStore, stateDirectory: FilePath, threads: BlockingThreads) {
        self.ledger = ledger
        self.stateDirectory = stateDirectory
        self.threads = threads
    }

    /// The delivered files of a job that are still where they were put, in their order.
    /// - Throws: What the ledger throws.
    package func files(of job: Job) async throws -> [FilePath] {
        let submitted = try await ledger.deliveries(of: job.id).filter { delivery in
            delivery.folder == SubmissionFolder.name && delivery.deliveredAt != nil
        }
        let results = SubmissionFolder.results(in: stateDirectory)
        let folders = submitted.compactMap { $0.source.flatMap(SourceKey.init) }.map {
            $0.original.folder.path(below: results)
        }
        let outputs = JobPayload(text: job.payload).outputs ?? []
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

    /// True for a file of the size that was delivered.
    private static func isThere(_ output: JobPayload.StagedFile) -> Bool {
        let path = FilePath(bytes: PathText.decode(output.path))
        let identity = try? FileIdentity(of: path, followsLinks: false)
        return identity?.kind == .file && identity?.byteCount == output.byteCount
    }
}
