// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration
import SnugSystem
import SystemPackage

/// Submissions without a delivered result, of all accounts of a journal; no key is needed to see them.
public struct PendingGenerations: Sendable {
    private let journal: any GenerationJournal

    /// The submissions of a journal.
    public init(journal: any GenerationJournal) { self.journal = journal }

    /// All of them, held ones included.
    public func records() async throws -> [GenerationRecord] {
        try await journal.records().filter { $0.state != .delivered }
    }

    /// The record with an id.
    /// - Throws: `GenerationError` with `invalid_request` when nothing pending has the id.
    public func record(_ id: String) async throws -> GenerationRecord {
        guard let record = try await journal.record(id), record.state != .delivered else {
            throw GenerationError(
                .invalidRequest,
                "nothing pending is named '\(PrintableName.escaped(id))'; 'snug generate --pending' lists what is")
        }
        return record
    }

    /// Forgets submissions. What the provider makes of them is lost.
    /// - Throws: `GenerationError` with `journal_failed` for one that is being worked on.
    public func drop(_ ids: [String]) async throws {
        for id in ids {
            _ = try await record(id)
            guard try await journal.claim(id) else {
                throw GenerationError(.journalFailed, "\(id) is being worked on; stop that first")
            }
            do {
                try await journal.remove(id)
            } catch {
                await journal.release(id)
                throw error
            }
            await journal.release(id)
        }
    }

    /// Forgets delivered work of long ago whose images are gone, so that the journal does not grow for ever.
    public func forgetDelivered(olderThan age: Duration = .seconds(90 * 86_400)) async throws {
        let oldest = WallClock.seconds - Int(age.components.seconds)
        for old in try await journal.records() where Self.isForgettable(old, before: oldest) {
            guard try await journal.claim(old.id) else { continue }
            // Another process may have started it again meanwhile.
            if let record = try await journal.record(old.id), Self.isForgettable(record, before: oldest) {
                try await journal.remove(record.id)
            }
            await journal.release(old.id)
        }
    }

    private static func isForgettable(_ record: GenerationRecord, before oldest: Int) -> Bool {
        guard record.state == .delivered, record.createdAt < oldest else { return false }
        return !(record.images ?? []).contains { (try? FileIdentity(of: $0.path, followsLinks: true)) != nil }
    }
}
