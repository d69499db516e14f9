internal import SnugSystem
// SPDX-License-Identifier: Apache-2.0
public import SnugUpload
internal import Synchronization

/// Keeps pending uploads and the limits of hosts in a ledger, for all processes that share it.
///
/// A record is on the disk before `save` returns. A locked upload is free at once when the process that has it ends.
public final class LedgerUploadStore: UploadRecordStore, HostLimitStore, FinishedUploadStore, ObjectNameStore {
    private let ledger: any SharedLedger
    private let locks = Mutex<[String: NameLock]>([:])

    /// Keeps uploads in a ledger, which stays open for as long as they are used.
    public init(_ ledger: any SharedLedger) { self.ledger = ledger }

    /// All records, the oldest first.
    /// - Throws: `state_failed`.
    public func records() async throws -> [UploadRecord] {
        try await failingAsState { ledger in
            try await ledger.documents(.uploads).map { try Self.decode(UploadRecord.self, $0, ledger) }
                .sorted { ($0.created, $0.key) < ($1.created, $1.key) }
        }
    }

    /// The record of a key, if there is one.
    /// - Throws: `state_failed`.
    public func record(_ key: String) async throws -> UploadRecord? {
        try await failingAsState { ledger in
            try await ledger.document(.uploads, key).map { try Self.decode(UploadRecord.self, $0, ledger) }
        }
    }

    /// Keeps a record in place of the one with its key; it is on the disk when this returns.
    /// - Throws: `state_failed`.
    public func save(_ record: UploadRecord) async throws {
        let payload = try StoredValue.encode(record)
        try await failingAsState { try await $0.save(payload, as: .uploads, record.key) }
    }

    /// Forgets an upload here; nothing is removed at the server.
    /// - Throws: `state_failed`.
    public func remove(_ key: String) async throws {
        try await failingAsState { try await $0.remove(.uploads, key) }
    }

    /// Locks an upload among all processes.
    /// - Throws: `in_use`, `state_failed`.
    public func lock(_ key: String) async throws {
        guard let lock = try await failingAsState({ try await $0.lock("upload:\(key)") }) else {
            throw UploadError.inUse
        }
        locks.withLock { $0[key] = lock }
    }

    /// Gives a lock back.
    public func unlock(_ key: String) async {
        guard let lock = locks.withLock({ $0.removeValue(forKey: key) }) else { return }
        // Where that fails, the lock is free when the process ends.
        try? await ledger.unlock(lock)
    }

    /// The limit of a host.
    /// - Throws: `state_failed`.
    public func hostLimit(of origin: String) async throws -> HostLimit? {
        try await failingAsState { ledger in
            try await ledger.document(.hostLimits, origin).map { try Self.decode(HostLimit.self, $0, ledger) }
        }
    }

    /// Keeps a limit in place of the one before.
    /// - Throws: `state_failed`.
    public func saveHostLimit(_ limit: HostLimit, of origin: String) async throws {
        let payload = try StoredValue.encode(limit)
        try await failingAsState { try await $0.save(payload, as: .hostLimits, origin) }
    }

    /// The receipt of a finished upload, kept for a year.
    /// - Throws: `state_failed`.
    public func receipt(of key: String) async throws -> UploadReceipt? {
        try await failingAsState { ledger in
            try await ledger.document(.finishedUploads, key).map { try Self.decode(UploadReceipt.self, $0, ledger) }
        }
    }

    /// Keeps a receipt in place of the one before.
    /// - Throws: `state_failed`.
    public func finish(_ key: String, with receipt: UploadReceipt) async throws {
        let payload = try StoredValue.encode(receipt)
        try await failingAsState { ledger in
            try await ledger.transact { transaction in
                let end = transaction.now + .seconds(365 * 86_400)
                try transaction.save(payload, as: .finishedUploads, key, expiresAt: end)
            }
        }
    }

    /// The content that has an address.
    private struct NamedContent: Codable {
        var content: String
    }

    /// Gives an address to a content, unless another content has it. That is never forgotten: a later object of the name would
    /// take its place.
    /// - Throws: `state_failed`.
    public func reserve(_ address: String, for content: String) async throws -> Bool {
        let key = "name-" + MessageDigest.sha256(Array(address.utf8)).hexadecimal
        let own = try StoredValue.encode(NamedContent(content: content))
        return try await failingAsState { ledger in
            try await ledger.update(.finishedUploads, key, expiresAt: nil) { payload in
                guard let known = payload else {
                    payload = own
                    return true
                }
                return try StoredValue.decode(NamedContent.self, from: known).content == content
            }
        }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ document: LedgerDocument, _ ledger: any SharedLedger
    ) throws -> Value {
        do {
            return try StoredValue.decode(type, from: document.payload)
        } catch {
            throw UploadError(
                .stateFailed,
                "the record \(document.key) in \(ledger.place) cannot be read; use the version of Snug that wrote it, or "
                    + "name another ledger with --state", cause: error)
        }
    }

    private func failingAsState<Result: Sendable>(
        _ body: (any SharedLedger) async throws -> Result
    ) async throws -> Result {
        do {
            return try await body(ledger)
        } catch let error as LedgerError {
            throw UploadError(
                .stateFailed, "\(error.message); without it, uploads cannot be resumed", cause: error)
        }
    }
}
