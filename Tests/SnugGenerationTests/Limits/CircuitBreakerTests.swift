// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugGeneration

@Suite struct CircuitBreakerTests {
    private enum Step: Sendable {
        case worked, failed, neither
        /// Time passes, in seconds.
        case wait(Int)
        /// Asks, and what is the response.
        case admitted(CircuitBreaker.Admission)
    }

    private static let settings = CircuitBreaker.Settings(threshold: 3)

    @Test(
        "Opens, rests, probes, closes",
        arguments: [
            ([.failed, .failed, .admitted(.go)], "two are too few"),
            ([.failed, .failed, .worked, .failed, .failed, .admitted(.go)], "in a row"),
            (
                [.failed, .neither, .failed, .failed, .admitted(.refuse(retryAfter: .seconds(30)))],
                "neither does not count"
            ),
            ([.failed, .failed, .failed, .wait(29), .admitted(.refuse(retryAfter: .seconds(1)))], "rests"),
            (
                [
                    .failed, .failed, .failed, .wait(30), .admitted(.probe),
                    .admitted(.refuse(retryAfter: .seconds(300))),
                ], "one probe"
            ),
            ([.failed, .failed, .failed, .wait(30), .admitted(.probe), .worked, .admitted(.go)], "closes"),
            (
                [
                    .failed, .failed, .failed, .wait(30), .admitted(.probe), .failed,
                    .admitted(.refuse(retryAfter: .seconds(60))), .wait(60), .admitted(.probe), .failed, .wait(119),
                    .admitted(.refuse(retryAfter: .seconds(1))),
                ], "rests longer"
            ),
            (
                [.failed, .failed, .failed, .wait(30), .admitted(.probe), .neither, .admitted(.probe)],
                "probe without news"
            ),
            ([.failed, .failed, .failed, .wait(30), .admitted(.probe), .wait(300), .admitted(.probe)], "lost probe"),
            (
                [.failed, .failed, .failed, .wait(30), .admitted(.probe), .worked, .failed, .failed, .admitted(.go)],
                "counts anew"
            ),
        ] as [([Step], String)])
    private func table(steps: [Step], name: String) {
        var breaker = CircuitBreaker(Self.settings)
        var now = ContinuousClock.now
        // What is under way ends as it was admitted.
        var admission = CircuitBreaker.Admission.go
        for step in steps {
            switch step {
            case .wait(let seconds): now += .seconds(seconds)
            case .admitted(let expected):
                let response = breaker.admit(now: now)
                #expect(response == expected, "\(name)")
                if case .refuse = response { break }
                admission = response
            case .worked: end(.worked)
            case .failed: end(.failed)
            case .neither: end(.neither)
            }
        }
        func end(_ ending: CircuitBreaker.Ending) {
            breaker.ended(ending, as: admission, now: now)
            if case .probe = admission { admission = .go }
        }
    }

    @Test("The rest does not grow for ever, and latecomers have no say")
    func bounds() {
        var breaker = CircuitBreaker(Self.settings)
        var now = ContinuousClock.now
        for _ in 0..<3 { breaker.ended(.failed, as: .go, now: now) }
        breaker.ended(.worked, as: .go, now: now)
        #expect(!breaker.isClosed)
        for _ in 0..<20 {
            now += .seconds(600)
            #expect(breaker.admit(now: now) == .probe)
            breaker.ended(.worked, as: .go, now: now)
            breaker.ended(.failed, as: .probe, now: now)
        }
        #expect(breaker.admit(now: now) == .refuse(retryAfter: .seconds(600)))
    }

    @Test("Each host and model has its own")
    func keys() {
        let now = ContinuousClock.now
        let breakers = CircuitBreakers(Self.settings, now: { now })
        for _ in 0..<3 { breakers.ended(.failed, as: .go, "https://a:443", model: "x") }
        #expect(breakers.admit("https://a:443", model: "x") == .refuse(retryAfter: .seconds(30)))
        #expect(breakers.admit("https://a:443", model: "y") == .go)
        #expect(breakers.admit("https://b:443", model: "x") == .go)
        for number in 0..<2000 { _ = breakers.admit("https://c:443", model: "\(number)") }
        #expect(breakers.admit("https://a:443", model: "x") != .go)
    }

    @Test(
        "Only the provider's own failures count against it",
        arguments: [
            (GenerationError.Code.noCapacity, CircuitBreaker.Ending.failed), (.providerFailed, .failed),
            (.notSent, .failed), (.outcomeUnknown, .failed), (.policyRefused, .worked), (.invalidRequest, .worked),
            (.paymentRequired, .worked), (.rateLimited, .neither), (.deadlineExceeded, .neither),
        ])
    func endings(code: GenerationError.Code, ending: CircuitBreaker.Ending) {
        #expect(CircuitBreaker.Ending(code) == ending)
    }
}
