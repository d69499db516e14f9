// SPDX-License-Identifier: Apache-2.0
internal import GRDB

extension SQLiteLedger {
    /// Jobs, newest first.
    public func list(_ filter: JobFilter) async throws -> [Job] { try await look { try $0.list(filter) } }

    /// Everything that happened to a job, the oldest first.
    public func history(of id: JobID) async throws -> [JobEvent] {
        try await look { transaction in
            try transaction.fetch(
                EventRow.self, "SELECT * FROM events WHERE job_id = :id ORDER BY id", ["id": id.description]
            ).map(\.event)
        }
    }

    /// The effects of a job, the oldest first.
    public func steps(of id: JobID) async throws -> [StepRecord] {
        try await look { transaction in
            try transaction.fetch(
                StepRow.self, "SELECT * FROM steps WHERE job_id = :id ORDER BY id", ["id": id.description]
            ).map(\.record)
        }
    }

    /// The names that a job's result is delivered under.
    public func deliveries(of id: JobID) async throws -> [JobDelivery] {
        try await look { try $0.deliveries(of: id) }
    }

    /// Those of these source files of a folder that the ledger knows.
    public func knownSources(of folder: String, among sources: [String]) async throws -> Set<String> {
        try await look { transaction in
            let statement = try transaction.cached(
                "SELECT 1 FROM deliveries WHERE folder = :folder AND source = :source",
                ["folder": folder, "source": nil])
            return try Set(
                sources.filter { source in
                    try statement.setArguments(["folder": folder, "source": source])
                    return try Int.fetchOne(statement) != nil
                })
        }
    }

    /// The counts for each folder.
    public func books() async throws -> [String: LedgerBooks] {
        try await look { transaction in
            var books: [String: LedgerBooks] = [:]
            for row in try transaction.fetch(TotalsRow.self, "SELECT * FROM totals") {
                // Names that only look alike are one key here, and two rows.
                books[row.folder] = books[row.folder, default: LedgerBooks()] + row.books
            }
            let counts = try transaction.fetch(
                CountRow.self, "SELECT folder, state, count(*) AS jobs FROM jobs GROUP BY folder, state")
            for row in counts { books[row.folder, default: LedgerBooks()].states[row.state, default: 0] += row.jobs }
            return books
        }
    }
}

extension LedgerTransaction {
    fileprivate func list(_ filter: JobFilter) throws -> [Job] {
        guard filter.limit > 0 else { return [] }
        if let ids = filter.ids {
            let jobs = try Set(ids).compactMap { try job($0) }.filter { filter.selects($0) }
            return Array(jobs.sorted { $0.id > $1.id }.prefix(filter.limit))
        }
        // Each state has its place in an index, so one query each and no sorting of all that match.
        if filter.states.isEmpty, filter.folder == nil, filter.account == nil {
            return try page(filter, state: nil)
        }
        let states = filter.states.isEmpty ? Set(JobState.allCases) : filter.states
        let pages = try states.flatMap { try page(filter, state: $0) }
        return Array(pages.sorted { $0.id > $1.id }.prefix(filter.limit))
    }

    private func page(_ filter: JobFilter, state: JobState?) throws -> [Job] {
        var conditions: [String] = []
        var arguments: StatementArguments = ["limit": filter.limit]
        func add(_ condition: String, _ name: String, _ value: String?) {
            guard let value else { return }
            conditions.append(condition)
            arguments = arguments &+ [name: value]
        }
        add("folder = :folder", "folder", filter.folder)
        add("account = :account", "account", filter.account)
        add("state = :state", "state", state?.rawValue)
        add("id >= :since", "since", filter.since.map(LedgerIDGenerator.first(at:)))
        add("id < :before", "before", filter.before?.description)
        if let text = filter.text {
            let isPlain = text.utf8.count < 1000 && text.utf8.allSatisfy { (32..<127).contains($0) }
            if isPlain {
                // The database's own comparison knows ASCII letters only, and takes a fraction of the time.
                add(
                    "(name LIKE :text ESCAPE :escape OR reason_message LIKE :text ESCAPE :escape)", "text", text.pattern
                )
                arguments = arguments &+ ["escape": "\\"]
            } else {
                add(
                    "(instr(lower(name), :text) > 0 OR instr(lower(coalesce(reason_message, '')), :text) > 0)", "text",
                    text.lowercased())
            }
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try fetch(
            JobRow.self, "SELECT \(JobRow.columns) FROM jobs \(condition) ORDER BY id DESC LIMIT :limit", arguments
        ).map(\.job)
    }
}

extension String {
    /// The pattern of texts that this one is a part of.
    fileprivate var pattern: String {
        "%" + replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_") + "%"
    }
}

extension JobFilter {
    /// True for a job that meets all conditions but the number.
    func selects(_ job: Job) -> Bool {
        if let ids, !ids.contains(job.id) { return false }
        if !states.isEmpty, !states.contains(job.state) { return false }
        if let folder, folder != job.folder { return false }
        if let account, account != job.account { return false }
        if let since, job.id.description < LedgerIDGenerator.first(at: since) { return false }
        if let before, job.id >= before { return false }
        guard let text = text?.lowercased() else { return true }
        return [job.name, job.reason?.message ?? ""].contains { $0.lowercased().contains(text) }
    }
}

private struct TotalsRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var folder: String
    var seen: Int
    var joined: Int
    var prunedDelivered: Int
    var prunedCancelled: Int
    var prunedFailed: Int

    var books: LedgerBooks {
        let pruned: [JobState: Int] = [
            .delivered: prunedDelivered, .cancelled: prunedCancelled, .failed: prunedFailed,
        ]
        return LedgerBooks(seen: seen, joined: joined, states: pruned.filter { $0.value > 0 })
    }
}

private struct CountRow: Decodable, FetchableRecord {
    var folder: String
    var state: JobState
    var jobs: Int
}
