// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem

extension SharedLedger {
    /// A value; `nil` when there is none, or its time is over.
    public func document(_ kind: DocumentKind, _ key: String) async throws -> LedgerDocument? {
        try await lookToEnd { try $0.document(kind, key) }
    }

    /// All values of a kind, the oldest first.
    public func documents(_ kind: DocumentKind) async throws -> [LedgerDocument] {
        try await lookToEnd { try $0.documents(kind) }
    }

    /// Reads and changes a value in one step, with no other process in between.
    public func update<Result: Sendable>(
        _ kind: DocumentKind, _ key: String, expiresAt: LedgerInstant?,
        _ body: @escaping @Sendable (inout String?) throws -> Result
    ) async throws -> Result {
        try await transact { transaction in
            try transaction.database.reserve(kind, try LedgerTransaction.whole(key))
            let old = try transaction.document(kind, key)
            var payload = old?.payload
            let result = try body(&payload)
            // By bytes: texts that only look alike are not the same.
            let isSame = payload.map { Array($0.utf8) } == old.map { Array($0.payload.utf8) }
            if !isSame || (payload != nil && expiresAt != old?.expiresAt) {
                try transaction.save(payload, as: kind, key, expiresAt: expiresAt)
            }
            return result
        }
    }
}

extension LedgerTransaction {
    func documents(_ kind: DocumentKind) throws -> [LedgerDocument] {
        try fetch(
            DocumentRow.self,
            "SELECT \(DocumentRow.columns) FROM \(kind.table) WHERE expires_at IS NULL OR expires_at > :now ORDER BY created_at, key",
            ["now": now.milliseconds]
        ).map(\.document)
    }

    func document(_ kind: DocumentKind, _ key: String) throws -> LedgerDocument? {
        try fetch(
            DocumentRow.self,
            "SELECT \(DocumentRow.columns) FROM \(kind.table) WHERE key = :key AND (expires_at IS NULL OR expires_at > :now)",
            ["key": try Self.whole(key), "now": now.milliseconds]
        ).first?.document
    }

    /// A key or a name, which must not be cut: SQLite's texts end at a NUL.
    /// - Throws: `not_allowed`.
    static func whole(_ key: String) throws(LedgerError) -> String {
        guard !key.utf8.contains(0) else {
            throw LedgerError(
                .notAllowed, "the name \(PrintableName.escaped(key)) has a NUL character; give it another name")
        }
        return key
    }

    func save(
        _ payload: String?, as kind: DocumentKind, _ key: String, expiresAt: LedgerInstant?
    ) throws {
        guard let payload else {
            try execute("DELETE FROM \(kind.table) WHERE key = :key", ["key": try Self.whole(key)])
            return
        }
        try execute(
            """
            INSERT INTO \(kind.table) (key, payload, version, created_at, updated_at, expires_at)
            VALUES (:key, :payload, 1, :now, :now, :expires)
            ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, version = \(kind.table).version + 1,
                created_at = CASE WHEN \(kind.table).expires_at <= :now THEN excluded.created_at
                    ELSE \(kind.table).created_at END,
                updated_at = excluded.updated_at, expires_at = excluded.expires_at
            """,
            [
                "key": try Self.whole(key), "payload": payload, "now": now.milliseconds,
                "expires": expiresAt?.milliseconds,
            ])
    }
}

private struct DocumentRow: SQLRecord {
    static let columns = "key, payload, version, created_at, updated_at, expires_at"

    let document: LedgerDocument

    init(row: any SQLRow) throws {
        document = LedgerDocument(
            key: try row.requiredText(0), payload: try row.requiredText(1), version: try row.requiredNumber(2),
            createdAt: try row.instant(3), updatedAt: try row.instant(4), expiresAt: row.optionalInstant(5))
    }
}
