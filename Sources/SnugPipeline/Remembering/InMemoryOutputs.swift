// SPDX-License-Identifier: Apache-2.0
import Synchronization
public import SystemPackage

/// Remembers outputs for as long as the process runs.
public final class InMemoryOutputs: OutputMemory {
    private let records = Mutex<[FilePath: [FilePath: RememberedOutput]]>([:])

    /// An empty memory.
    public init() {}

    /// All outputs below a folder.
    public func outputs(in folder: FilePath) async throws -> [RememberedOutput] {
        records.withLock { Array(($0[folder] ?? [:]).values) }
    }

    /// Keeps records, and forgets others.
    public func update(_ folder: FilePath, keeping: [RememberedOutput], forgetting: [FilePath]) async throws {
        records.withLock { records in
            for name in forgetting { records[folder]?[name] = nil }
            for record in keeping { records[folder, default: [:]][record.name] = record }
        }
    }
}
