// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
internal import Synchronization

/// Counts how requests ended, by status code.
public final class StatusCounters: Sendable {
    /// The count of one way for requests to end.
    public struct Count: Sendable, Hashable {
        /// 100–599; `nil` for requests that no response came to.
        public var status: Int?
        /// The failure, where there is no complete response.
        public var failure: String?
        /// Requests.
        public var count: Int
    }

    private struct Key: Hashable {
        var status: Int?
        var failure: String?
    }
    private let tally = Mutex<[Key: Int]>([:])

    /// Starts at nothing.
    public init() {}

    /// Counts a request that has ended.
    public func record(_ attempt: Attempt) {
        tally.withLock { $0[Key(status: attempt.status, failure: attempt.failure?.description), default: 0] += 1 }
    }

    /// Everything counted, by status; what had no response comes last.
    public var counts: [Count] {
        tally.withLock { $0 }.map { Count(status: $0.status, failure: $0.failure, count: $1) }
            .sorted { ($0.status ?? 1000, $0.failure ?? "") < ($1.status ?? 1000, $1.failure ?? "") }
    }

    /// One line for each, the counts aligned, and the sum; empty when there is nothing to tell.
    public var report: String {
        let counts = counts
        guard !counts.isEmpty else { return "" }
        let rows = counts.map { count -> (String, Int) in
            let name = count.status.map { "\($0) \(Self.names[$0] ?? "")" } ?? "no response"
            return ((name + (count.failure.map { " (\($0))" } ?? "")).trimmed, count.count)
        }
        let all = rows + [("in all", counts.map(\.count).reduce(0, +))]
        let (width, digits) = (all.map { $0.0.count }.max() ?? 0, all.map { "\($0.1)".count }.max() ?? 0)
        return all.map { name, count in
            let gap = String(repeating: " ", count: width - name.count + digits - "\(count)".count + 2)
            return "\(name)\(gap)\(count)\n"
        }.joined()
    }

    private static let names = [
        200: "OK", 201: "created", 202: "accepted", 204: "no content", 206: "partial content", 301: "moved",
        302: "found", 304: "not modified", 400: "bad request", 401: "not authenticated", 402: "payment required",
        403: "forbidden", 404: "not found", 408: "request timeout", 409: "conflict", 410: "gone",
        413: "payload too large", 414: "address too long", 415: "unsupported media", 422: "not valid",
        429: "too many requests", 499: "client closed", 500: "server error", 502: "bad gateway", 503: "unavailable",
        504: "gateway timeout", 520: "unknown error", 521: "server down", 522: "connection timeout",
        523: "unreachable", 524: "timeout", 525: "TLS failed", 526: "certificate not valid", 529: "overloaded",
    ]
}

extension String {
    fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}
