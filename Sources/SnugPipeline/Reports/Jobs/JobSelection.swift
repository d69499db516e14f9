// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem

/// Jobs that a person or a program names: by ids, which may be shortened, or by conditions.
public enum JobSelection {
    /// Jobs of one read of the ledger.
    private static let pageSize = 500

    /// The full id of a shortened one, which is any beginning of it that no other job has.
    /// - Throws: `job_not_found`, with the reason.
    public static func id(_ text: String, in ledger: any LedgerStore) async throws -> JobID {
        let prefix = text.lowercased()
        if let id = JobID(prefix) { return try await ledger.job(id).id }
        guard !prefix.isEmpty, let first = JobID(padded(prefix, "0")), let last = JobID(padded(prefix, "z")) else {
            throw JobSelectionError(
                "job_not_found",
                "'\(PrintableName.escaped(text))' is no id of a job; snug jobs lists those there are")
        }
        let found = try await ledger.list(JobFilter(before: last, limit: 2)).map(\.id).filter { $0 >= first }
        guard let id = found.first else {
            throw JobSelectionError("job_not_found", "no job's id begins with \(text); snug jobs lists those there are")
        }
        guard found.count == 1 else {
            throw JobSelectionError(
                "job_ambiguous",
                "\(text) begins the ids of several jobs, such as \(found[1]) and \(id); give more of it")
        }
        return id
    }

    private static func padded(_ prefix: String, _ digit: String) -> String {
        prefix + String(repeating: digit, count: max(0, 26 - prefix.utf8.count))
    }

    /// Hands over the jobs that a filter selects, newest first, page by page; its limit counts for all pages.
    ///
    /// Each page is a read of its own, so that a list of any length takes the memory of two pages: the next one is read while
    /// one is looked at.
    /// - Returns: True when there are more than the limit.
    @discardableResult
    public static func forEachPage(
        of filter: JobFilter, in ledger: any LedgerStore, _ body: ([Job]) async throws -> Void
    ) async throws -> Bool {
        var left = filter.limit
        var jobs = try await page(of: filter, after: nil, left: left, in: ledger)
        while true {
            try Task.checkCancellation()
            let size = min(left, pageSize)
            let page = Array(jobs.prefix(size))
            left -= page.count
            guard let last = page.last, jobs.count == size, left > 0 else {
                if !page.isEmpty { try await body(page) }
                return jobs.count > page.count
            }
            let rest = left
            async let next = Self.page(of: filter, after: last.id, left: rest, in: ledger)
            try await body(page)
            jobs = try await next
        }
    }

    /// The next page, and one job more than the last page holds, to know whether there are more.
    @concurrent private static func page(
        of filter: JobFilter, after last: JobID?, left: Int, in ledger: any LedgerStore
    ) async throws -> [Job] {
        var filter = filter
        if let last { filter.before = last }
        filter.limit = left <= pageSize ? left + 1 : pageSize
        return try await ledger.list(filter)
    }

    /// Carries out a decision for jobs, some hundred at a time, and hands over those that changed.
    public static func resolve(
        _ filter: JobFilter, _ resolution: JobResolution, in ledger: any LedgerStore,
        _ body: ([Job]) async throws -> Void
    ) async throws {
        try await forEachPage(of: filter, in: ledger) { page in
            try await body(try await ledger.resolve(page.map(\.id), resolution))
        }
    }
}

/// A request about jobs that cannot be carried out.
public struct JobSelectionError: Error, Sendable, CustomStringConvertible {
    /// A stable code: `job_not_found`, `job_ambiguous`, `not_allowed`.
    public var code: String
    /// The event and the remedy.
    public var message: String

    /// Describes an error.
    public init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }

    /// The error as JSON.
    package var json: JSONValue { .error(code: code, message: message, details: [:]) }
}
