// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization
import SystemPackage

/// A run's knowledge of its outputs: the memory as it was when the run began, and the run's additions.
///
/// Records are kept in batches: all that the run is about to make before the first is made, and what is made, as it comes.
/// So a kill loses no knowledge, and thousands of small files cost a few transactions.
final class OutputBook: Sendable {
    /// Records that wait before they are kept.
    private static let batchCount = 256

    private struct Additions {
        var kept: [FilePath: RememberedOutput] = [:]
        var forgotten: Set<FilePath> = []
        var failure: (any Error)?
        /// True when the run was told that nothing can be kept.
        var isFailureTold = false
    }

    /// The absolute path of the folder of outputs.
    let folder: FilePath
    let options: String
    private let memory: any OutputMemory
    private let byName: [FilePath: RememberedOutput]
    private let byInput: [FilePath: [RememberedOutput]]
    private let additions = Mutex(Additions())

    /// Reads what is known.
    init(_ memory: any OutputMemory, folder: FilePath, options: String) async throws {
        self.memory = memory
        self.folder = folder
        self.options = options
        let records = try await memory.outputs(in: folder)
        byName = Dictionary(records.map { ($0.name, $0) }) { $1 }
        byInput = Dictionary(grouping: records, by: \.input)
    }

    /// The record of a name, as it was when the run began.
    func record(named name: FilePath) -> RememberedOutput? { byName[name] }

    /// The outputs of an input, as they were when the run began.
    func records(of input: FilePath) -> [RememberedOutput] { byInput[input] ?? [] }

    /// Names that belong to inputs other than the given ones.
    func names(besidesThoseOf inputs: Set<FilePath>) -> [FilePath] {
        byName.values.filter { !inputs.contains($0.input) }.map(\.name)
    }

    /// Records the outputs that the run is about to make.
    func claim(_ records: [RememberedOutput]) async throws {
        if records.isEmpty { return }
        do {
            try await memory.update(folder, keeping: records, forgetting: [])
        } catch {
            additions.withLock { $0.isFailureTold = true }
            throw error
        }
    }

    /// Records an output that is made, and that its input has no other name any more.
    func made(_ record: RememberedOutput, inPlaceOf others: [FilePath]) async {
        let batch = additions.withLock { additions -> Additions? in
            additions.forgotten.subtract([record.name])
            additions.kept[record.name] = record
            additions.forgotten.formUnion(others)
            for name in others { additions.kept[name] = nil }
            return Self.takeBatch(of: &additions, atLeast: Self.batchCount)
        }
        if let batch { await keep(batch) }
    }

    /// Takes back what was claimed for an input that failed.
    func withdraw(_ names: [FilePath]) {
        additions.withLock { additions in
            for name in names {
                if let before = byName[name] {
                    additions.kept[name] = before
                } else {
                    additions.forgotten.insert(name)
                }
            }
        }
    }

    /// Keeps what is left.
    /// - Returns: The first failure to keep a record, unless ``claim(_:)`` told of one.
    func close() async -> (any Error)? {
        let batch = additions.withLock { Self.takeBatch(of: &$0, atLeast: 1) }
        if let batch { await keep(batch) }
        return additions.withLock { $0.isFailureTold ? nil : $0.failure }
    }

    private static func takeBatch(of additions: inout Additions, atLeast count: Int) -> Additions? {
        guard additions.kept.count + additions.forgotten.count >= count else { return nil }
        let batch = additions
        additions.kept = [:]
        additions.forgotten = []
        return batch
    }

    private func keep(_ batch: Additions) async {
        do {
            try await memory.update(
                folder, keeping: Array(batch.kept.values), forgetting: Array(batch.forgotten))
        } catch {
            additions.withLock { $0.failure = $0.failure ?? error }
        }
    }
}
