// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

@Suite struct RetryMachineTests {
    private func decide(
        _ result: RetryMachine.Result, outcome: Outcome, rule: RepeatRule, policy: RetryPolicy = RetryPolicy(),
        hint: Duration? = nil, remaining: Duration? = nil, hasBudget: Bool = true
    ) -> RetryMachine.Action {
        var machine = RetryMachine(policy: policy, rule: rule)
        return machine.attemptEnded(
            result, outcome: outcome, hint: hint, remaining: remaining, random: 1, payBudget: { _ in hasBudget })
    }

    @Test(
        "Definite responses are returned at once",
        arguments: [200, 201, 204, 301, 400, 401, 402, 403, 404, 413, 422, 501])
    func finalStatuses(status: Int) {
        #expect(decide(.status(.init(code: status)), outcome: .responded, rule: .always) == .finish)
    }

    @Test("An unknown outcome is never repeated unless repeating is harmless", arguments: [500, 502, 504, 520, 524])
    func unknownStatuses(status: Int) {
        #expect(decide(.status(.init(code: status)), outcome: .responded, rule: .whenNotSent) == .stop(.outcomeUnknown))
        #expect(decide(.status(.init(code: status)), outcome: .responded, rule: .always) == .wait(.milliseconds(500)))
    }

    @Test("A refusal before acting is repeated even for paid requests", arguments: [408, 425])
    func refusals(status: Int) {
        #expect(
            decide(.status(.init(code: status)), outcome: .responded, rule: .whenNotSent) == .wait(.milliseconds(500)))
    }

    @Test("How far a lost request got decides", arguments: [RepeatRule.always, .whenIncomplete, .whenNotSent])
    func lostRequests(rule: RepeatRule) {
        let repeats = { self.decide(.failure(.connectionLost), outcome: $0, rule: rule) != .stop(.outcomeUnknown) }
        #expect(repeats(.notSent))
        #expect(repeats(.partlySent) == (rule != .whenNotSent))
        #expect(repeats(.sentWithoutResponse) == (rule == .always))
        #expect(
            decide(.failure(.responseCut), outcome: .responded, rule: rule)
                == (rule == .always ? .wait(.milliseconds(500)) : .stop(.outcomeUnknown)))
    }

    @Test func overloadWithoutAHintWaitsLonger() {
        #expect(decide(.status(429), outcome: .responded, rule: .whenNotSent) == .wait(.seconds(2)))
    }

    @Test func aHintIsAFloorAndJitterGoesOnTop() {
        #expect(
            decide(.status(503), outcome: .responded, rule: .always, hint: .seconds(5)) == .wait(.milliseconds(5500)))
    }

    @Test func aHintBeyondThePolicyStopsAtOnce() {
        #expect(decide(.status(429), outcome: .responded, rule: .always, hint: .seconds(847)) == .stop(.waitTooLong))
    }

    @Test func aWaitBeyondTheDeadlineStopsAtOnce() {
        #expect(
            decide(.status(429), outcome: .responded, rule: .always, hint: .seconds(60), remaining: .seconds(30))
                == .stop(.deadline))
    }

    @Test func anEmptyBudgetStops() {
        #expect(
            decide(.failure(.cannotConnect), outcome: .notSent, rule: .always, hasBudget: false) == .stop(.budgetSpent))
    }

    @Test func oneAttemptMeansOne() {
        let policy = RetryPolicy(maximumAttempts: 1)
        #expect(
            decide(.failure(.cannotConnect), outcome: .notSent, rule: .always, policy: policy) == .stop(.attemptsSpent))
    }

    @Test("Delays are spread over the whole interval and capped", arguments: 1..<40)
    func fullJitter(failures: Int) {
        let policy = RetryPolicy()
        let bound = min(30, 0.5 * Double(1 << min(failures - 1, 30)))
        #expect(abs(policy.delay(afterFailures: failures, random: 1).seconds - bound) < 1e-6)
        #expect(policy.delay(afterFailures: failures, random: 0) == .zero)
        #expect(abs(policy.delay(afterFailures: failures, random: 0.25).seconds - bound / 4) < 1e-6)
    }
}

@Suite struct RetryBudgetTests {
    @Test func anOutageEmptiesTheBucketAndTimeFillsIt() {
        let start = ContinuousClock.now
        var budget = RetryBudget(now: start)
        var paid = 0
        while budget.pay(throttled: false, now: start) != nil { paid += 1 }
        #expect(paid == 35)
        #expect(budget.pay(throttled: false, now: start + .seconds(28)) != nil)
    }

    @Test func aRetryThatSucceedsGetsItsCostBack() {
        let start = ContinuousClock.now
        var budget = RetryBudget(now: start)
        let cost = budget.pay(throttled: true, now: start)
        #expect(cost == 5 && budget.tokens == 495)
        budget.succeed(paid: cost, now: start)
        #expect(budget.tokens == 500)
    }
}

@Suite struct WaitHintTests {
    // 2026-11-20 12:00:00 UTC
    private static let now = 1_795_176_000

    @Test(
        "Every form of Retry-After is understood",
        arguments: [
            ("7", 7.0), ("0", 0), ("1.5", 1.5), ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
            ("Friday, 20-Nov-26 12:00:30 GMT", 30), ("Fri Nov 20 12:00:30 2026", 30),
            ("Fri, 20 Nov 2026 11:00:00 GMT", 0), ("99999999999", 86400),
        ] as [(String, Double)])
    func retryAfter(text: String, seconds: Double) {
        #expect(WaitHint.read(["Retry-After": text], body: [], now: Self.now)?.seconds == seconds)
    }

    @Test(
        "What cannot be read is no hint",
        arguments: [
            "", "soon", "-5", "1e9", "nan", "inf", "0x10", "Fri, 99 Nov 2026 12:00:30 GMT", "2026-11-20T12:00:30Z",
            "1.2.3",
        ])
    func garbage(text: String) {
        #expect(WaitHint.read(["Retry-After": text], body: [], now: Self.now) == nil)
    }

    @Test func aDateCountsFromTheServersOwnClock() {
        let headers: HTTPFields = [
            "Date": "Fri, 20 Nov 2026 10:00:00 GMT", "Retry-After": "Fri, 20 Nov 2026 10:00:10 GMT",
        ]
        #expect(WaitHint.read(headers, body: [], now: Self.now) == .seconds(10))
    }

    @Test(
        "Hints in headers of other names and in bodies count",
        arguments: [
            (["Retry-After-Ms": "2500"], "", 2.5), ([:], #"{"error":{"retry_after": 12.5}}"#, 12.5),
            ([:], #"{"retryAfter":"3"}"#, 3), ([:], #"{"retry_after_ms": 400}"#, 0.4),
            ([:], #"[{"details":[{"retryDelay":"18s"}]}]"#, 18), ([:], #"{"retryDelay" : "1.5s"}"#, 1.5),
            (["X-Amz-Retry-After": "1500"], "", 1.5), (["X-Ms-Retry-After-Ms": "10"], "", 0.01),
            ([:], #"{"retryAfterSeconds": 45}"#, 45), ([:], "{\"retry_after\":\n 847}", 847),
            ([:], #"{"retry_after":null,"details":{"retry_after":5}}"#, 5),
            ([:], #"{"retry_after":2,"details":{"retry_after":5}}"#, 5),
        ] as [(HTTPFields, String, Double)])
    func otherForms(fields: HTTPFields, body: String, seconds: Double) throws {
        let hint = try #require(WaitHint.read(fields, body: Array(body.utf8), now: Self.now))
        #expect(abs(hint.seconds - seconds) < 1e-9)
    }

    @Test func theLongestOfSeveralWins() {
        let headers: HTTPFields = ["Retry-After": "2", "Retry-After-Ms": "9000"]
        #expect(WaitHint.read(headers, body: Array(#"{"retry_after":4}"#.utf8), now: Self.now) == .seconds(9))
    }

    @Test(
        "A value that is no number is no hint",
        arguments: [
            #"{"retry_after":-5}"#, #"{"retry_after":1e3}"#, #"{"retry_after":"soon"}"#, #"{"retry_after":true}"#,
            #"{"retry_after":{"seconds":5}}"#, #"{"message":"\"retry_after\": 9"}"#, #"{"a":"retry_after"}"#, "",
        ])
    func otherBodies(body: String) {
        #expect(WaitHint.read([:], body: Array(body.utf8), now: Self.now) == nil)
    }

    @Test(
        "The end of a window that is used up is the wait, where none is asked for",
        arguments: [
            (["X-RateLimit-Reset-Hour": "1795176847", "X-RateLimit-Remaining-Hour": "0"], 847.0),
            (["X-RateLimit-Reset-Hour": "1795176847", "X-RateLimit-Remaining-Hour": "3"], nil),
            (["X-RateLimit-Reset-Hour": "1795176847"], 847), (["X-RateLimit-Reset-Hour": "1795170000"], 0),
            (["X-RateLimit-Reset-Hour": "1795176847000"], 847), (["X-RateLimit-Reset-Hour": "99999999999"], 86_400),
            (["X-RateLimit-Reset-Hour": "1795173610", "Date": "Fri, 20 Nov 2026 11:00:00 GMT"], 1210),
            (["x-ratelimit-reset-requests": "12ms"], 0.012), (["x-ratelimit-reset-requests": "1s"], 1),
            (["x-ratelimit-reset-requests": "6m0s"], 360), (["x-ratelimit-reset-requests": "1h2m3.5s"], 3723.5),
            (["x-ratelimit-reset-tokens": "2s", "x-ratelimit-reset-requests": "1s"], 2),
            (["x-ratelimit-reset-requests": "6m", "x-ratelimit-remaining-requests": "0", "Retry-After": "2"], 2),
            (["x-ratelimit-reset-requests": "6m", "Retry-After": "soon"], 360), (["RateLimit-Reset": "30"], 30),
            (["x-ratelimit-reset-requests": "6"], 6), (["x-ratelimit-reset-requests": "6x"], nil),
            (["x-ratelimit-reset-requests": "m"], nil), (["x-ratelimit-reset-requests": "-5s"], nil),
            (["x-ratelimit-reset-requests": ""], nil), (["x-ratelimit-reset-requests": "1s2"], nil),
        ] as [(HTTPFields, Double?)])
    func resets(fields: HTTPFields, seconds: Double?) throws {
        let hint = WaitHint.read(fields, body: [], now: Self.now)?.seconds
        #expect(hint.map { ($0 * 1000).rounded() } == seconds.map { ($0 * 1000).rounded() })
    }

    @Test func aPageOfHTMLIsNotSearched() {
        #expect(WaitHint.read([:], body: Array(#"<p>"retry_after": 12</p>"#.utf8), now: Self.now) == nil)
    }

    @Test(
        "Whatever a server writes into its fields, the wait is none, or between nothing and a day",
        arguments: UInt64(0)..<10)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let names = [
            "Retry-After", "Retry-After-Ms", "X-RateLimit-Reset", "X-RateLimit-Reset-Requests", "RateLimit", "Date",
            "X-RateLimit-Remaining", "RateLimit-Reset",
        ]
        let pieces = [
            "0", "9", "99999999999999999999", "1e9", "-", ".", "ms", "s", "m", "h", "ns", " ", "r=", "t=", ";", "\"a\"",
            ",", "inf", "nan", "0x", "Fri, 20 Nov 2026 12:00:30 GMT", "\u{E9}", "\u{663}", "limit=", "reset=",
            "remaining=0",
        ]
        for _ in 0..<300 {
            var fields = HTTPFields()
            for name in names where Bool.random(using: &random) {
                let value = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    pieces.randomElement(using: &random) ?? ""
                }
                if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value.joined())) }
            }
            let body = (0..<4).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let hint = WaitHint.read(fields, body: Array("{\"retry_after\": \(body)}".utf8), now: Self.now)
            if let hint { #expect(hint >= .zero && hint <= .seconds(86_400), "\(fields)") }
        }
    }

    @Test(
        "A clock that is wrong by years changes no wait that the server gives with its own date",
        arguments: [
            0, 1_000_000_000, 1_795_176_000, 4_102_444_800, -5,
        ])
    func clocks(now: Int) {
        let fields: HTTPFields = [
            "Date": "Fri, 20 Nov 2026 12:00:00 GMT", "Retry-After": "Fri, 20 Nov 2026 12:02:03 GMT",
        ]
        #expect(WaitHint.read(fields, body: [], now: now) == .seconds(123))
        // In seconds no clock matters.
        #expect(WaitHint.read(["Retry-After": "7"], body: [], now: now) == .seconds(7))
    }

    @Test("Of a body only the beginning is searched, and only in JSON")
    func bodies() {
        let far = #"{"a":""# + String(repeating: "x", count: 70_000) + #"","retry_after":5}"#
        #expect(WaitHint.read([:], body: Array(far.utf8), now: Self.now) == nil)
        #expect(WaitHint.read([:], body: Array(#" [1,{"retry_after":5}]"#.utf8), now: Self.now) == .seconds(5))
        #expect(WaitHint.read([:], body: Array(#""retry_after": 5"#.utf8), now: Self.now) == nil)
        // Cut anywhere, it is nothing or the digits that are there.
        let text = Array(#"{"error":{"retry_after": 125}}"#.utf8)
        for end in text.indices {
            let hint = WaitHint.read([:], body: Array(text[..<end]), now: Self.now)
            #expect(hint == nil || [.seconds(1), .seconds(12), .seconds(125)].contains(hint))
        }
    }
}
