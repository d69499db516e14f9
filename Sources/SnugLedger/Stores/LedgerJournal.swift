// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
public import SnugGeneration
internal import Synchronization

/// Keeps the records of generations in a ledger, for all processes that share it.
///
/// A record is on the disk before `save` returns. A reserved name is free at once when the process that has it ends.
public final class LedgerJournal: GenerationJournal {
    /// True: it remembers.
    public var isDurable: Bool { true }
    private let ledger: any SharedLedger
    private let locks = Mutex<[String: NameLock]>([:])

    /// Keeps records in a ledger, which stays open for as long as they are used.
    public init(_ ledger: any SharedLedger) { self.ledger = ledger }

    /// The record of that name.
    /// - Throws: `journal_failed`.
    public func record(_ id: String) async throws -> GenerationRecord? {
        try await failingAsJournal { ledger in
            try await ledger.document(.generations, id).map { try Self.decode($0, ledger) }
        }
    }

    /// Keeps a record in place of the one before; it is on the disk when this returns.
    /// - Throws: `journal_failed`.
    public func save(_ record: GenerationRecord) async throws {
        let payload = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        try await failingAsJournal { try await $0.save(payload, as: .generations, record.id) }
    }

    /// Forgets a record.
    /// - Throws: `journal_failed`.
    public func remove(_ id: String) async throws {
        try await failingAsJournal { try await $0.remove(.generations, id) }
    }

    /// All records, the oldest first.
    /// - Throws: `journal_failed`.
    public func records() async throws -> [GenerationRecord] {
        try await failingAsJournal { ledger in
            try await ledger.documents(.generations).map { try Self.decode($0, ledger) }
                .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        }
    }

    /// Reserves a name among all processes.
    /// - Throws: `journal_failed`.
    public func claim(_ id: String) async throws -> Bool {
        let lock = try await failingAsJournal { try await $0.lock("generation:\(id)") }
        guard let lock else { return false }
        locks.withLock { $0[id] = lock }
        return true
    }

    /// Gives a reserved name back.
    public func release(_ id: String) async {
        guard let lock = locks.withLock({ $0.removeValue(forKey: id) }) else { return }
        // Where that fails, the name is free when the process ends.
        try? await ledger.unlock(lock)
    }

    private static func decode(_ document: LedgerDocument, _ ledger: any SharedLedger) throws -> GenerationRecord {
        do {
            return try JSONDecoder().decode(GenerationRecord.self, from: Data(document.payload.utf8))
        } catch {
            throw GenerationError(
                .journalFailed,
                "the record of \(document.key) in \(ledger.place) cannot be read; look at it, for it may have been paid for",
                cause: error)
        }
    }

    private func failingAsJournal<Result: Sendable>(
        _ body: (any SharedLedger) async throws -> Result
    ) async throws -> Result {
        do {
            return try await body(ledger)
        } catch let error as LedgerError {
            throw GenerationError(
                .journalFailed, "\(error.message); what is sent is kept there, so nothing is sent without it",
                cause: error)
        }
    }
}
