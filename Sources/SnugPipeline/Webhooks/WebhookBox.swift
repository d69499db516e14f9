// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugLedger
import SnugSystem

/// The messages of one webhook in the ledger, and how far its jobs were looked through.
///
/// Processes with the same address share them. Those with another address have their own, so that each gets every message.
struct WebhookBox: Sendable {
    /// Time for which messages are kept that no receiver takes.
    static let patience = Duration.seconds(7 * 86_400)
    /// Time after which an address that no process has any more is forgotten.
    static let abandonment = Duration.seconds(30 * 86_400)
    /// Time for which a message belongs to the process that sends it: longer than a request takes.
    static let sendingTime = Duration.seconds(60)
    private static let cursor = "cursor"

    private let ledger: any DocumentStore
    /// The beginning of the names of its documents.
    private let prefix: String

    init(_ url: HTTPURL, in ledger: any DocumentStore) {
        self.ledger = ledger
        prefix = MessageDigest.sha256(Array(url.text.utf8)).prefix(8).hexadecimal + " "
    }

    /// A message; `nil` when there is none of that name.
    func message(_ id: String) async throws -> WebhookMessage? {
        try await ledger.document(.messages, prefix + id).flatMap { WebhookMessage(payload: $0.payload) }
    }

    /// Keeps a message, unless another process has done so.
    /// - Returns: The message that the ledger has.
    func add(_ message: WebhookMessage) async throws -> WebhookMessage {
        if let known = try await self.message(message.id) { return known }
        let text = try message.payload
        let expiry = LedgerInstant.now + Self.patience
        return try await ledger.update(.messages, prefix + message.id, expiresAt: expiry) { payload in
            if let known = payload.flatMap({ WebhookMessage(payload: $0) }) { return known }
            payload = text
            return message
        }
    }

    /// Keeps a message for a time, or until it is removed.
    func save(_ message: WebhookMessage, for time: Duration?) async throws {
        try await ledger.save(
            try message.payload, as: .messages, prefix + message.id, expiresAt: time.map { LedgerInstant.now + $0 })
    }

    func remove(_ id: String) async throws { try await ledger.remove(.messages, prefix + id) }

    /// Takes a message that is due, so that no other process sends it meanwhile.
    /// - Returns: The message, as it was; `nil` when another process has sent, taken or postponed it.
    func take(_ id: String, at now: LedgerInstant) async throws -> WebhookMessage? {
        let expiry = LedgerInstant.now + Self.patience
        return try await ledger.update(.messages, prefix + id, expiresAt: expiry) { payload in
            guard let message = payload.flatMap({ WebhookMessage(payload: $0) }), message.isDue(at: now) else {
                return nil
            }
            var taken = message
            taken.dueAt = (now + Self.sendingTime).milliseconds
            payload = try taken.payload
            return message
        }
    }

    /// The moment up to which all jobs that ended have their messages; `nil` for an address that is new to the ledger.
    func position() async throws -> LedgerInstant? {
        try await ledger.document(.messages, prefix + Self.cursor).flatMap { Self.moment($0.payload) }
    }

    func setPosition(_ moment: LedgerInstant) async throws {
        try await ledger.save("\(moment.milliseconds)", as: .messages, prefix + Self.cursor)
    }

    /// Reads all messages, those of other processes and earlier ones included, and forgets addresses that are gone.
    func messages(at now: LedgerInstant) async throws -> [WebhookMessage] {
        let documents = try await ledger.documents(.messages)
        let gone = documents.filter { $0.key.hasSuffix(" " + Self.cursor) && !$0.key.hasPrefix(prefix) }.filter {
            Self.moment($0.payload).map { $0 < now - Self.abandonment } ?? true
        }
        for document in gone {
            let other = document.key.dropLast(Self.cursor.count)
            for document in documents where document.key.hasPrefix(other) {
                try await ledger.remove(.messages, document.key)
            }
        }
        return documents.filter { $0.key.hasPrefix(prefix) }.compactMap { WebhookMessage(payload: $0.payload) }
    }

    /// Begins with what the address has that was used last: its position, its messages, and marks of those that were sent.
    ///
    /// So nothing is lost when an address changes, nor with the step from versions in which all shared one position.
    func adopt() async throws -> LedgerInstant? {
        let documents = try await ledger.documents(.messages).filter { !$0.key.hasPrefix(prefix) }
        let positions = documents.filter { $0.key.hasSuffix(Self.cursor) }.compactMap { document in
            Self.moment(document.payload).map { (place: document.key.dropLast(Self.cursor.count), moment: $0) }
        }
        guard let last = positions.max(by: { $0.moment < $1.moment }) else { return nil }
        // Earlier versions' names have no place before them.
        let isEarlier = last.place.isEmpty
        for document in documents where isEarlier ? !document.key.contains(" ") : document.key.hasPrefix(last.place) {
            if isEarlier, document.expiresAt == nil {
                // Other addresses may come for it as well.
                try await ledger.update(.messages, document.key, expiresAt: .now + Self.patience) { _ in }
            }
            guard var message = WebhookMessage(payload: document.payload) else { continue }
            if !isEarlier, !message.isSent {
                // What another receiver refused is new to this one.
                (message.attempts, message.dueAt) = (0, message.endedAt)
            }
            try await save(message, for: message.isSent ? nil : Self.patience)
        }
        return last.moment
    }

    private static func moment(_ text: String) -> LedgerInstant? { Int(text).map { LedgerInstant(milliseconds: $0) } }
}
