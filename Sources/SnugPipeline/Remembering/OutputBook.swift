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
        /// Names that were claimed for nothing.
        var withdrawn: Set<FilePath> = []
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

    /// Names that belong to inputs other than the given ones. Streams do not come again: once its output is gone, a name is
    /// free.
    func names(besidesThoseOf inputs: Set<FilePath>) -> [FilePath] {
        byName.values.filter { record in
            if inputs.contains(record.input) { return false }
            return !record.isOfStream || FitDecider.state(of: folder.appending(record.name.components)) != nil
        }.map(\.name)
    }

    /// Records the outputs that the run is about to make, beside what other runs have made since this one began.
    func claim(_ records: [RememberedOutput]) async throws {
        if records.isEmpty { return }
        do {
            let current = try await current()
            let claims = records.map { record in
                var record = record
                if let now = current[record.name], now.made != byName[record.name]?.made { record.made = now.made }
                return record
            }
            try await memory.update(folder, keeping: claims, forgetting: [])
        } catch {
            additions.withLock { $0.isFailureTold = true }
            throw error
        }
    }

    /// Records an output that is made, and that nothing is made under the other names of its input.
    ///
    /// Outputs of earlier runs under those names stay known: with their options they are done, and another run may replace
    /// them.
    func made(_ record: RememberedOutput, inPlaceOf others: [FilePath]) async {
        let known = others.filter { byName[$0]?.made != nil }
        let batch = additions.withLock { additions -> Additions? in
            additions.forgotten.remove(record.name)
            additions.withdrawn.remove(record.name)
            additions.kept[record.name] = record
            additions.withdrawn.formUnion(known)
            additions.forgotten.formUnion(Set(others).subtracting(known))
            for name in others { additions.kept[name] = nil }
            return Self.takeBatch(of: &additions, atLeast: Self.batchCount)
        }
        if let batch { await keep(batch) }
    }

    /// Takes back what was claimed for an input that failed.
    func withdraw(_ names: [FilePath]) { additions.withLock { $0.withdrawn.formUnion(names) } }

    /// Keeps what is left.
    /// - Returns: The first failure to keep a record, unless ``claim(_:)`` told of one.
    func close() async -> (any Error)? {
        let batch = additions.withLock { Self.takeBatch(of: &$0, atLeast: 1) }
        if let batch { await keep(batch) }
        return additions.withLock { $0.isFailureTold ? nil : $0.failure }
    }

    private static func takeBatch(of additions: inout Additions, atLeast count: Int) -> Additions? {
        guard additions.kept.count + additions.forgotten.count + additions.withdrawn.count >= count else { return nil }
        let batch = additions
        additions.kept = [:]
        additions.forgotten = []
        additions.withdrawn = []
        return batch
    }

    private func current() async throws -> [FilePath: RememberedOutput] {
        Dictionary(try await memory.outputs(in: folder).map { ($0.name, $0) }) { $1 }
    }

    /// Makes the records of withdrawn names what they were, except for outputs that another run has made meanwhile.
    private func resolve(_ batch: inout Additions) async throws {
        if batch.withdrawn.isEmpty { return }
        let current = try await current()
        for name in batch.withdrawn {
            if var now = current[name], now.made != nil, now.made != byName[name]?.made {
                now.claimed = nil
                batch.kept[name] = now
            } else if let before = byName[name] {
                batch.kept[name] = before
            } else {
                batch.forgotten.insert(name)
            }
        }
    }

    private func keep(_ batch: Additions) async {
        var batch = batch
        do {
            try await resolve(&batch)
            // A file that another run has replaced meanwhile is in the records of that run.
            let (records, folder) = (Array(batch.kept.values), folder)
            let kept = try await DetachedThread.value {
                records.filter { record in
                    guard let file = record.made?.file else { return true }
                    let now = FitDecider.state(of: folder.appending(record.name.components))
                    return now.map(file.hasSameContent) ?? true
                }
            }
            try await memory.update(folder, keeping: kept, forgetting: Array(batch.forgotten))
        } catch {
            additions.withLock { $0.failure = $0.failure ?? error }
        }
    }
}
