// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem

/// The limits in the headers of a response.
struct RateReport: Sendable, Hashable {
    struct Window: Sendable, Hashable {
        var name: String
        /// Seconds, as far as the name tells.
        var length: Double
        /// `nil` when there is none.
        var limit: Int?
        var remaining: Int?
        /// Seconds since 1970, by our clock.
        var reset: Double?
    }
    var windows: [Window] = []

    /// Reads both families: `X-RateLimit-Limit-Hour` with a reset as a time, and `x-ratelimit-limit-requests` with a reset
    /// as a duration.
    /// - Parameter now: When the response came, seconds since 1970.
    init(_ headers: HTTPFields, now: Double) {
        let names: [(name: String, length: Double)] = [
            ("Minute", 60), ("Hour", 3600), ("Day", 86_400), ("Requests", 60),
        ]
        for (name, length) in names {
            func field(_ what: String) -> String? { headers[named: "X-RateLimit-\(what)-\(name)"] }
            guard let limit = field("Limit").flatMap({ Int($0) }) else { continue }
            let wait = field("Reset").flatMap {
                WaitHint.reset($0, reference: headers[.date].flatMap(HTTPDate.parse) ?? Int(now))
            }
            windows.append(
                Window(
                    name: name.lowercased(), length: length, limit: limit > 0 ? limit : nil,
                    remaining: field("Remaining").flatMap { Int($0) }.map { max(0, $0) },
                    reset: wait.map { now + $0.seconds }))
        }
    }
}
