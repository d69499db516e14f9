// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Jobs, newest first.
    public func list(_ filter: JobFilter) async throws -> [Job] { try await look { try $0.list(filter) } }

    /// Everything that happened to a job, the oldest first.
    public func history(of id: JobID) async throws -> [JobEvent] {
        try await look { transaction in
            try transaction.fetch(
                EventRow.self, "SELECT \(EventRow.columns) FROM events WHERE job_id = :id ORDER BY id",
                ["id": id.description]
            ).map(\.event)
        }
    }

    /// The effects of a job, the oldest first.
    public func steps(of id: JobID) async throws -> [StepRecord] {
        try await look { transaction in
            try transaction.fetch(
                StepRow.self, "SELECT \(StepRow.columns) FROM steps WHERE job_id = :id ORDER BY id",
                ["id": id.description]
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
            var known: Set<String> = []
            var rest = sources[...]
            while !rest.isEmpty {
                known.formUnion(try transaction.known(rest.prefix(LedgerTransaction.sourcesAtOnce), of: folder))
                rest = rest.dropFirst(LedgerTransaction.sourcesAtOnce)
            }
            return known
        }
    }

    /// The counts for each folder.
    public func books() async throws -> [String: LedgerBooks] {
        try await look { transaction in
            var books: [String: LedgerBooks] = [:]
            for row in try transaction.fetch(TotalsRow.self, "SELECT \(TotalsRow.columns) FROM totals") {
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
    /// Sources in one question.
    fileprivate static let sourcesAtOnce = 50

    /// Those of at most ``sourcesAtOnce`` sources that a folder's jobs have.
    fileprivate func known(_ sources: ArraySlice<String>, of folder: String) throws -> [String] {
        // One statement for any number: the last name fills the places that are left.
        let places = (0..<Self.sourcesAtOnce).map { "s\($0)" }
        var arguments: SQLArguments = ["folder": folder]
        for (offset, place) in places.enumerated() {
            arguments = arguments + [place: sources.dropFirst(offset).first ?? sources.last]
        }
        return try fetch(
            String.self,
            """
            SELECT source FROM deliveries
            WHERE folder = :folder AND source IN (\(places.map { ":\($0)" }.joined(separator: ", ")))
            """, arguments)
    }

    fileprivate func list(_ filter: JobFilter) throws -> [Job] {
        // A text ends at a NUL in the database: one that is looked for would be the part before it, or everything.
        guard filter.limit > 0, filter.text?.utf8.contains(0) != true else { return [] }
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
        var arguments: SQLArguments = ["limit": filter.limit]
        func add(_ condition: String, _ name: String, _ value: String?) {
            guard let value else { return }
            conditions.append(condition)
            arguments = arguments + [name: value]
        }
        add("folder = :folder", "folder", filter.folder)
        add("account = :account", "account", filter.account)
        add("state = :state", "state", state?.rawValue)
        add("id >= :since", "since", filter.since.map(LedgerIDGenerator.first(at:)))
        add("id < :before", "before", filter.before?.description)
        if let moment = filter.changedSince {
            conditions.append("since >= :changed")
            arguments = arguments + ["changed": moment.milliseconds]
        }
        if let text = filter.text {
            let parts = ["name", "reason_message"].map { database.condition($0, contains: text.lowercased()) }
            conditions.append("(\(parts.map(\.sql).joined(separator: " OR ")))")
            for part in parts { arguments = arguments + part.arguments }
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try fetch(
            JobRow.self, "SELECT \(JobRow.columns) FROM jobs \(condition) ORDER BY id DESC LIMIT :limit", arguments
        ).map(\.job)
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
        if let changedSince, job.since < changedSince { return false }
        guard let text = text?.lowercased() else { return true }
        return [job.name, job.reason?.message ?? ""].contains { $0.lowercased().contains(text) }
    }
}

private struct TotalsRow: SQLRecord {
    static let columns = "folder, seen, joined, pruned_delivered, pruned_cancelled, pruned_failed"

    let folder: String
    let books: LedgerBooks

    init(row: any SQLRow) throws {
        folder = try row.requiredText(0)
        let pruned: [JobState: Int] = [
            .delivered: try row.requiredNumber(3), .cancelled: try row.requiredNumber(4),
            .failed: try row.requiredNumber(5),
        ]
        books = LedgerBooks(
            seen: try row.requiredNumber(1), joined: try row.requiredNumber(2), states: pruned.filter { $0.value > 0 })
    }
}

private struct CountRow: SQLRecord {
    let folder: String
    let state: JobState
    let jobs: Int

    init(row: any SQLRow) throws {
        (folder, state, jobs) = (try row.requiredText(0), try row.name(1), try row.requiredNumber(2))
    }
}
