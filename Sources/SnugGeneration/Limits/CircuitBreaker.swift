// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Synchronization

/// Stops asking a host and model that keep failing, and tries one request now and then. Knows no clock.
struct CircuitBreaker: Sendable, Hashable {
    /// When it opens, and for how long.
    struct Settings: Sendable, Hashable {
        /// Failures in a row that open it. Default 5.
        var threshold = 5
        /// The first rest; doubled each time that a probe fails. Default 30 s.
        var firstRest = Duration.seconds(30)
        /// Default 10 min.
        var longestRest = Duration.seconds(600)
        /// The time after which a probe without an end is given up. Default 5 min.
        var longestProbe = Duration.seconds(300)
    }

    /// The decision about a request.
    enum Admission: Sendable, Hashable {
        case go
        /// The one request that finds out whether it works again.
        case probe
        /// Not now, and not before so long.
        case refuse(retryAfter: Duration)
    }

    /// The end of a request, as the breaker sees it.
    enum Ending: Sendable, Hashable {
        /// The provider did its work: also refusing what was asked is that.
        case worked
        /// The provider's own failure: no capacity, broken, not reached.
        case failed
        /// It says nothing: given up on our side, refused by a limit.
        case neither

        /// The meaning of a generation's failure for its provider.
        init(_ code: GenerationError.Code) {
            switch code {
            case .noCapacity, .providerFailed, .notSent, .outcomeUnknown, .badResponse: self = .failed
            case .rateLimited, .deadlineExceeded, .circuitOpen, .retriesSpent, .imageFailed, .hostNeeded, .badImage,
                .downloadFailed, .outputFailed, .journalFailed:
                self = .neither
            default: self = .worked
            }
        }
    }

    private enum State: Sendable, Hashable {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant, rest: Duration)
        case halfOpen(since: ContinuousClock.Instant, rest: Duration)
    }
    private let settings: Settings
    private var state = State.closed(failures: 0)

    init(_ settings: Settings = Settings()) { self.settings = settings }

    /// True when it lets everything through.
    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// Asks for a request, which has to report its end when it is let go.
    mutating func admit(now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .go
        case .open(let until, let rest):
            guard now >= until else { return .refuse(retryAfter: until - now) }
            state = .halfOpen(since: now, rest: rest)
            return .probe
        case .halfOpen(let since, let rest):
            let maximumWait = since + settings.longestProbe
            guard now >= maximumWait else { return .refuse(retryAfter: maximumWait - now) }
            state = .halfOpen(since: now, rest: rest)
            return .probe
        }
    }

    /// Notes how a request ended.
    mutating func ended(_ ending: Ending, as admission: Admission, now: ContinuousClock.Instant) {
        switch (state, admission, ending) {
        case (.closed, _, .worked): state = .closed(failures: 0)
        case (.closed(let failures), _, .failed):
            let count = failures + 1
            state =
                count < settings.threshold
                ? .closed(failures: count) : .open(until: now + settings.firstRest, rest: settings.firstRest)
        case (.halfOpen, .probe, .worked): state = .closed(failures: 0)
        case (.halfOpen(_, let rest), .probe, .failed):
            let longer = min(rest * 2, settings.longestRest)
            state = .open(until: now + longer, rest: longer)
        // A probe without a result leaves its place to the next.
        case (.halfOpen(_, let rest), .probe, .neither): state = .open(until: now, rest: rest)
        // What was let go before it opened has no say any more.
        default: break
        }
    }
}

/// One breaker for each host and model.
final class CircuitBreakers: Sendable {
    private struct Key: Hashable {
        var origin: String
        var model: String?
    }
    private let settings: CircuitBreaker.Settings
    private let now: @Sendable () -> ContinuousClock.Instant
    private let breakers = Mutex<[Key: CircuitBreaker]>([:])

    init(
        _ settings: CircuitBreaker.Settings = CircuitBreaker.Settings(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.settings = settings
        self.now = now
    }

    /// Asks for a request to a host and model.
    func admit(_ origin: String, model: String?) -> CircuitBreaker.Admission {
        with(origin, model) { $0.admit(now: now()) }
    }

    /// Notes how a request that was let go ended. Every one that was has to be noted, whatever became of it.
    func ended(
        _ ending: CircuitBreaker.Ending, as admission: CircuitBreaker.Admission, _ origin: String, model: String?
    ) {
        with(origin, model) { $0.ended(ending, as: admission, now: now()) }
    }

    private func with<Result: Sendable>(
        _ origin: String, _ model: String?, _ body: (inout CircuitBreaker) -> Result
    ) -> Result {
        breakers.withLock { breakers in
            let key = Key(origin: origin, model: model)
            // Models come from requests, so there may be any number of names; those that work need no memory.
            if breakers.count >= 1024, breakers[key] == nil { breakers = breakers.filter { !$0.value.isClosed } }
            var breaker = breakers[key] ?? CircuitBreaker(settings)
            defer { breakers[key] = breaker }
            return body(&breaker)
        }
    }
}
