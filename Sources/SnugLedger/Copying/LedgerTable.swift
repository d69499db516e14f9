// SPDX-License-Identifier: Apache-2.0

/// A table as it is copied.
struct LedgerTable: Sendable {
    /// The type of a column's values.
    enum Kind: Sendable { case text, number, bytes }

    let name: String
    let columns: [(name: String, kind: Kind)]
    /// The columns that its rows are sorted by, which no two rows have alike.
    let key: [String]

    private init(_ name: String, key: [String], _ columns: String, bytes: Set<String> = []) {
        self.name = name
        self.key = key
        // Names of numbers end with a plus.
        self.columns = columns.split(separator: " ").map { word in
            let column = String(word.prefix { $0 != "+" })
            return (column, word.hasSuffix("+") ? .number : bytes.contains(column) ? .bytes : .text)
        }
    }

    /// All that a ledger remembers, each after those that it refers to. Workers are not among them: those of another ledger
    /// are gone.
    static let all =
        [
            LedgerTable(
                "jobs", key: ["id"],
                """
                id name folder account priority+ content_hash pipeline options version+ stage state step since+ \
                reason_code reason_message reason_details due_at+ paused_until+ attempt+ crashes+ fence+ owner \
                lease_until+ intent_id intent_repetition outcome_unknown+ cancel_requested+ idempotency_key supersedes \
                payload created_at+
                """),
            LedgerTable(
                "steps", key: ["id"],
                """
                id job_id step fence+ state repetition idempotency_key body_digest deadline+ key_expires_at+ payload \
                begun_at+ ended_at+
                """),
            LedgerTable(
                "events", key: ["id"],
                "id job_id at+ verb stage state step attempt+ fence+ reason_code reason_message reason_details"),
            LedgerTable(
                "deliveries", key: ["job_id", "folder", "name"], "job_id name folder source delivered_at+ joined+"),
            LedgerTable("job_objects", key: ["digest", "job_id"], "digest job_id"),
            LedgerTable(
                "lanes", key: ["folder", "account", "step", "priority"],
                "folder account step priority+ served+ claimed_at+"),
            LedgerTable(
                "totals", key: ["folder"],
                "folder seen+ joined+ pruned_delivered+ pruned_cancelled+ pruned_failed+"),
            LedgerTable(
                "holds", key: ["kind", "scope", "name"],
                "kind scope name until+ reason_code reason_message reason_details since+"),
            LedgerTable("locks", key: ["name"], "name owner fence+ taken_at+"),
            LedgerTable("job_claims", key: ["account", "job"], "account job submission claimed_at+"),
            LedgerTable(
                "outputs", key: ["folder", "name"], "folder name input payload updated_at+",
                bytes: ["folder", "name", "input"]),
        ]
        + DocumentKind.allCases.map { kind in
            LedgerTable(kind.table, key: ["key"], "key payload version+ created_at+ updated_at+ expires_at+")
        }
}

extension LedgerTransaction {
    /// The rows of a table after one, in the order of its key.
    func page(of table: LedgerTable, after last: [SQLValue]?, limit: Int) throws -> [[SQLValue]] {
        var arguments: SQLArguments = ["limit": limit]
        var condition = ""
        if let last {
            let places = table.key.indices.map { ":k\($0)" }.joined(separator: ", ")
            condition = "WHERE (\(table.key.joined(separator: ", "))) > (\(places))"
            for (index, name) in table.key.enumerated() {
                guard let column = table.columns.firstIndex(where: { $0.name == name }) else { continue }
                arguments = arguments + SQLArguments([("k\(index)", last[column])])
            }
        }
        let names = table.columns.map(\.name).joined(separator: ", ")
        var rows: [[SQLValue]] = []
        try database.fetch(
            """
            SELECT \(names) FROM \(table.name) \(condition) ORDER BY \(table.key.joined(separator: ", ")) LIMIT :limit
            """, arguments
        ) { row in
            rows.append(table.columns.enumerated().map { row.value($0, $1.kind) })
        }
        return rows
    }

    func insert(_ row: [SQLValue], into table: LedgerTable) throws {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let places = table.columns.map { ":\($0.name)" }.joined(separator: ", ")
        let values = zip(table.columns, row).map { ($0.name, $1) }
        try execute(
            "INSERT INTO \(table.name) (\(names)) VALUES (\(places))",
            SQLArguments(values))
    }
}

extension SQLRow {
    fileprivate func value(_ index: Int, _ kind: LedgerTable.Kind) -> SQLValue {
        switch kind {
        case .text: text(index).map { .text($0) } ?? .none
        case .number: number(index).map { .number($0) } ?? .none
        case .bytes: bytes(index).map { .bytes($0) } ?? .none
        }
    }
}
