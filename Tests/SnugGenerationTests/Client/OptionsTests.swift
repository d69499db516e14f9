// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Testing

@testable import SnugGeneration

@Suite("Options of a client")
struct OptionsTests {
    @Test(
        "Limits of requests are read",
        arguments: [
            ("60/min", 60, 60.0), ("1/s", 1, 1), ("500/hour", 500, 3600), ("9/d", 9, 86_400),
        ])
    func limits(text: String, count: Int, seconds: Double) {
        #expect(RateLimit(text) == RateLimit(count, per: .seconds(seconds)))
    }

    @Test(
        "What is no limit is none", arguments: ["", "5", "/min", "0/min", "-1/min", "5/fortnight", "5/min/min", "x/s"])
    func noLimits(text: String) { #expect(RateLimit(text) == nil) }

    @Test("Polls come further and further apart, never sooner than the provider asks, and with jitter")
    func polling() {
        let policy = PollingPolicy()
        func delay(_ polls: Int, _ hint: Duration? = nil, _ random: Double = 0.5) -> Duration {
            policy.delay(afterPolls: polls, hint: hint, random: random)
        }
        #expect(delay(0) == .seconds(2))
        #expect(delay(1) == .seconds(3))
        #expect(delay(2) == .seconds(4.5))
        #expect(delay(50) == .seconds(10))
        #expect(delay(Int.max) == .seconds(10))
        #expect(delay(0, .seconds(7)) == .seconds(7))
        #expect(delay(50, .seconds(1)) == .seconds(10))
        #expect(abs((delay(0, nil, 0) - .seconds(1.6)).seconds) < 1e-9)
        #expect(abs((delay(0, nil, 1) - .seconds(2.4)).seconds) < 1e-9)
    }
}
