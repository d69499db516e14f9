// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct RateReportTests {
    // 2026-11-20 12:00:00 UTC
    private static let now = 1_795_176_000.0

    @Test("Windows are read by the names that providers use, with what is left and when they end")
    func windows() {
        let report = RateReport(
            [
                "X-RateLimit-Limit-Hour": "100", "X-RateLimit-Remaining-Hour": "40",
                "X-RateLimit-Reset-Hour": "1795176847", "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s",
                "X-RateLimit-Limit-Day": "0", "X-RateLimit-Remaining-Minute": "5",
            ], now: Self.now)
        #expect(report.windows.map(\.name) == ["hour", "day", "requests"])
        #expect(report.windows.map(\.length) == [3600, 86_400, 60])
        // A limit of nothing is none: providers say so where an account has no such window.
        #expect(report.windows.map(\.limit) == [100, nil, 60])
        #expect(report.windows.map(\.remaining) == [40, nil, 0])
        #expect(report.windows.map(\.reset) == [Self.now + 847, nil, Self.now + 360])
    }

    /// A value of `X-RateLimit-Limit-Hour` and one of `X-RateLimit-Remaining-Hour`; what comes of them.
    static let values: [(limit: String, remaining: String, expected: [Int?]?)] = [
        ("5", "2", [5, 2]), ("5", "-2", [5, 0]), ("5", "\(Int.min)", [5, 0]),
        ("\(Int.max)", "\(Int.max)", [.max, .max]),
        ("-5", "2", [nil, 2]), ("\(Int.min)", "1", [nil, 1]), ("5", "", [5, nil]), ("5", "many", [5, nil]),
        ("5", "99999999999999999999", [5, nil]), ("", "2", nil), ("5.5", "2", nil), ("0x5", "2", nil),
        ("5, 6", "2", nil),
    ]

    @Test("Numbers of any size are read or left out", arguments: values.indices)
    func numbers(row: Int) {
        let (limit, remaining, expected) = Self.values[row]
        let report = RateReport(
            ["X-RateLimit-Limit-Hour": limit, "X-RateLimit-Remaining-Hour": remaining], now: Self.now)
        #expect(report.windows.first.map { [$0.limit, $0.remaining] } == expected)
    }

    @Test("Whatever a server reports, requests are counted on, and the wait ends some day", arguments: UInt64(0)..<10)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let numbers = [
            "0", "1", "5", "100", "-1", "\(Int.max)", "\(Int.min)", "1e9", "", "1795176847", "99999999999999", "5m",
        ]
        var state = RateLimitState()
        var now = Self.now
        for id in 0..<200 {
            var fields = HTTPFields()
            for name in ["Limit", "Remaining", "Reset"] {
                for window in ["Minute", "Hour", "Day", "Requests"] where Bool.random(using: &random) {
                    guard let name = HTTPField.Name("X-RateLimit-\(name)-\(window)") else { continue }
                    fields.append(HTTPField(name: name, value: numbers.randomElement(using: &random) ?? ""))
                }
            }
            state.begin(UInt64(id), now: now)
            let sent = now
            now += Double.random(in: 0...30, using: &random)
            state.learn(RateReport(fields, now: now), sent: sent, now: now)
            state.end(UInt64(id), counts: Bool.random(using: &random), now: now)
            state.prune([.hour(50)], now: now)
            if case .wait(let until, _) = state.decide([.hour(50)], position: id % 3, now: now) {
                // A turn of the longest window for each place in the queue, and what a reset is cut at.
                #expect(until > now && until <= now + 6 * 86_400, "\(until - now)")
            }
            #expect((state.available([.hour(50)], now: now) ?? 0) <= 50)
        }
    }
}
