// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

/// Every status and failure under every rule: what must never happen, and what always has to.
@Suite struct RetryTableTests {
    static let rules: [RepeatRule] = [.always, .whenIncomplete, .whenNotSent]
    static let outcomes: [Outcome] = [.notSent, .partlySent, .sentWithoutResponse, .responded]
    static let failures: [HTTPError.Code] = [
        .invalidURL, .invalidRequest, .insecureScheme, .cannotResolve, .cannotConnect, .connectTimedOut, .tlsFailed,
        .certificateRefused, .addressRefused, .connectionLost, .responseCut, .malformedResponse, .stalled,
        .attemptTimedOut,
        .deadlineExceeded, .responseTooLarge, .bodyFailed, .sinkFailed, .redirectRefused, .transientStatus,
        .outOfMemory,
        .transportFailed,
    ]

    private func decide(
        _ result: RetryMachine.Result, _ outcome: Outcome, _ rule: RepeatRule, hint: Duration? = nil,
        remaining: Duration? = nil
    ) -> RetryMachine.Action {
        var machine = RetryMachine(policy: RetryPolicy(), rule: rule)
        return machine.attemptEnded(
            result, outcome: outcome, hint: hint, remaining: remaining, random: 0.5, payBudget: { _ in true })
    }

    private func repeats(_ action: RetryMachine.Action) -> Bool { if case .wait = action { true } else { false } }

    @Test("Each status is repeated exactly where its class allows it", arguments: rules)
    func statuses(rule: RepeatRule) {
        for code in 200...599 {
            let status = HTTPResponse.Status(code: code)
            let action = decide(.status(status), .responded, rule)
            switch ResponseClass(status: status) {
            case .success, .definite: #expect(action == .finish, "\(code)")
            case .transient: #expect(repeats(action), "\(code)")
            case .unknown: #expect(repeats(action) == (rule == .always), "\(code)")
            }
        }
    }

    @Test("A paid request whose bytes left this machine is never sent again by itself", arguments: failures)
    func paid(failure: HTTPError.Code) {
        for outcome in Self.outcomes where outcome != .notSent {
            #expect(!repeats(decide(.failure(failure), outcome, .whenNotSent)), "\(outcome)")
        }
        #expect(!repeats(decide(.failure(failure), .sentWithoutResponse, .whenIncomplete)))
    }

    @Test("A stricter rule never repeats more", arguments: failures, outcomes)
    func order(failure: HTTPError.Code, outcome: Outcome) {
        let chosen = Self.rules.map { repeats(decide(.failure(failure), outcome, $0)) }
        #expect(!chosen[1] || chosen[0])
        #expect(!chosen[2] || chosen[1])
    }

    @Test(
        "Failures of our own are final under every rule",
        arguments: [
            HTTPError.Code.invalidURL, .invalidRequest, .insecureScheme, .certificateRefused, .addressRefused,
            .responseTooLarge,
            .bodyFailed, .sinkFailed, .redirectRefused, .outOfMemory,
        ])
    func own(failure: HTTPError.Code) {
        for outcome in Self.outcomes {
            for rule in Self.rules { #expect(!repeats(decide(.failure(failure), outcome, rule))) }
        }
    }

    @Test("A wait is never shorter than the hint, and ends before the deadline", arguments: UInt64(0)..<30)
    func waits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let hint =
                Bool.random(using: &random) ? Duration.milliseconds(Int.random(in: 0...200_000, using: &random)) : nil
            let remaining =
                Bool.random(using: &random) ? Duration.milliseconds(Int.random(in: 0...60_000, using: &random)) : nil
            var machine = RetryMachine(policy: RetryPolicy(), rule: .always)
            let action = machine.attemptEnded(
                .status(503), outcome: .responded, hint: hint, remaining: remaining,
                random: Double.random(in: 0...1, using: &random), payBudget: { _ in true })
            switch action {
            case .wait(let wait):
                #expect(wait >= hint ?? .zero && wait <= (hint ?? RetryPolicy().maximumDelay) + .seconds(1))
                if let remaining { #expect(wait < remaining) }
            case .stop(.waitTooLong): #expect(hint ?? .zero > RetryPolicy().longestHint)
            case .stop(.deadline): #expect(remaining != nil)
            default: Issue.record("\(action)")
            }
        }
    }

    @Test("There are as many attempts as the policy says, whatever they end in", arguments: 1...6)
    func attempts(maximum: Int) {
        var machine = RetryMachine(policy: RetryPolicy(maximumAttempts: maximum), rule: .always)
        var attempts = 1
        while repeats(
            machine.attemptEnded(
                .status(503), outcome: .responded, hint: nil, remaining: nil, random: 0, payBudget: { _ in true }))
        { attempts += 1 }
        #expect(attempts == maximum)
    }

    @Test("A budget is paid only for a retry that is made")
    func payment() {
        var paid = 0
        func end(_ result: RetryMachine.Result, hint: Duration? = nil, remaining: Duration? = nil) {
            var machine = RetryMachine(policy: RetryPolicy(), rule: .whenNotSent)
            _ = machine.attemptEnded(
                result, outcome: .responded, hint: hint, remaining: remaining, random: 1,
                payBudget: { _ in
                    paid += 1
                    return true
                })
        }
        end(.status(200))
        end(.status(500))
        end(.status(503), hint: .seconds(1_000))
        end(.status(503), remaining: .milliseconds(1))
        #expect(paid == 0)
        end(.status(503))
        #expect(paid == 1)
    }

    @Test("A bucket never holds more than its capacity nor less than nothing", arguments: UInt64(0)..<30)
    func bucket(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = ContinuousClock.now
        var budget = RetryBudget(now: now)
        var paid: [Double] = []
        for _ in 0..<500 {
            now += .milliseconds(Int.random(in: -50...3_000, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: if let price = budget.pay(throttled: Bool.random(using: &random), now: now) { paid.append(price) }
            case 1: budget.succeed(paid: paid.popLast(), now: now)
            default: budget.succeed(paid: nil, now: now)
            }
            #expect((0...RetryBudget.Settings().capacity).contains(budget.tokens))
        }
    }

    @Test("An empty bucket has no price, and a success gives back what it cost")
    func prices() {
        var settings = RetryBudget.Settings()
        settings.capacity = 20
        settings.tokensPerSecond = 0
        let now = ContinuousClock.now
        var budget = RetryBudget(settings, now: now)
        #expect(budget.pay(throttled: false, now: now) == 14 && budget.tokens == 6)
        #expect(budget.pay(throttled: false, now: now) == nil && budget.tokens == 6)
        #expect(budget.pay(throttled: true, now: now) == 5 && budget.tokens == 1)
        budget.succeed(paid: 14, now: now)
        #expect(budget.tokens == 15)
        budget.succeed(paid: nil, now: now)
        #expect(budget.tokens == 16)
    }

    @Test("Hosts have budgets of their own, and their number has a bound")
    func hosts() {
        var settings = RetryBudget.Settings()
        settings.capacity = 14
        settings.tokensPerSecond = 0
        let budgets = RetryBudgets(settings)
        #expect(budgets.pay("a", throttled: false) == 14 && budgets.pay("a", throttled: false) == nil)
        #expect(budgets.pay("b", throttled: false) == 14)
        for index in 0..<3_000 { _ = budgets.tokens("host-\(index)") }
        #expect(budgets.tokens("a") == 14, "forgotten with the others")
    }

    /// Failures, and the longest wait after each by the documented figures: 0.5 s doubled each time up to 30 s, or 2 s when
    /// the server is overloaded.
    static let delays: [(failures: Int, plain: Double, throttled: Double)] = [
        (0, 0.5, 2), (1, 0.5, 2), (2, 1, 4), (3, 2, 8), (4, 4, 16), (5, 8, 30), (6, 16, 30), (7, 30, 30), (8, 30, 30),
        (31, 30, 30), (64, 30, 30), (.max, 30, 30), (-5, 0.5, 2),
    ]

    @Test("Waits double up to their maximum, and chance spreads them over the whole", arguments: delays.indices)
    func backoff(row: Int) {
        let (failures, plain, throttled) = Self.delays[row]
        for (random, share) in [(0.0, 0.0), (0.25, 0.25), (1, 1), (-3, 0), (7, 1)] {
            let policy = RetryPolicy()
            #expect(policy.delay(afterFailures: failures, random: random).seconds == plain * share)
            #expect(
                policy.delay(afterFailures: failures, throttled: true, random: random).seconds == throttled * share)
        }
    }

    @Test(
        "A hint is kept to, and lengthened by a tenth at most: between a tenth of a second and one",
        arguments: [
            (0.0, 0.1), (0.5, 0.6), (1, 1.1), (5, 5.5), (10, 11), (100, 101), (120, 121),
        ])
    func hints(hint: Double, longest: Double) {
        func wait(_ random: Double) -> Double? {
            var machine = RetryMachine(policy: RetryPolicy(), rule: .always)
            let action = machine.attemptEnded(
                .status(429), outcome: .responded, hint: .seconds(hint), remaining: nil, random: random,
                payBudget: { _ in true })
            if case .wait(let wait) = action { return wait.seconds }
            return nil
        }
        #expect(wait(0) == hint)
        #expect(wait(1).map { abs($0 - longest) < 1e-9 } == true)
        #expect(wait(9).map { abs($0 - longest) < 1e-9 } == true)
    }

    @Test("An empty budget ends the operation, and overload is cheaper than failure")
    func budgets() {
        for (status, isThrottled) in [(503, true), (429, true), (529, true), (500, false), (408, false)] {
            var asked: [Bool] = []
            var machine = RetryMachine(policy: RetryPolicy(), rule: .always)
            let action = machine.attemptEnded(
                .status(.init(code: status)), outcome: .responded, hint: nil, remaining: nil, random: 0,
                payBudget: { throttled in
                    asked.append(throttled)
                    return false
                })
            #expect(action == .stop(.budgetSpent) && asked == [isThrottled], "\(status)")
        }
    }

    @Test("A bucket fills with time, never beyond its capacity, and not when the clock goes back")
    func refilled() {
        var settings = RetryBudget.Settings()
        (settings.capacity, settings.tokensPerSecond) = (30, 0.5)
        let start = ContinuousClock.now
        var budget = RetryBudget(settings, now: start)
        for expected in [16.0, 2] {
            #expect(budget.pay(throttled: false, now: start) == 14 && budget.tokens == expected)
        }
        #expect(budget.pay(throttled: false, now: start + .seconds(23)) == nil && budget.tokens == 13.5)
        #expect(budget.pay(throttled: false, now: start + .seconds(24)) == 14 && budget.tokens == 0)
        #expect(budget.pay(throttled: true, now: start - .seconds(1000)) == nil && budget.tokens == 0)
        budget.succeed(paid: nil, now: start + .seconds(100_000))
        #expect(budget.tokens == 30)
    }
}
