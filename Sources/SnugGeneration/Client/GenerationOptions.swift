// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import SnugHTTP
import SnugSystem
public import SystemPackage

/// The behaviour of a client.
public struct GenerationOptions: Sendable {
    /// The longest that one call may take, waits and polls included; `nil` for no limit. Default 15 min.
    public var timeout: Duration? = .seconds(900)
    /// The longest that one submission may take; `nil` for what suits the provider. Default `nil`.
    public var attemptTimeout: Duration?
    /// The number and timing of attempts. With one attempt, one submission is all that leaves this machine: no refit, no
    /// fallback, no search for what was lost.
    public var retry = RetryPolicy()
    /// The timing of polls.
    public var polling = PollingPolicy()
    /// Times that input is made smaller after the provider found it too large. Default 2.
    public var maximumRefits = 2
    /// Waits before each search for a job whose response was lost. Default 2, 10, 30 s.
    public var searches: [Duration] = [.seconds(2), .seconds(10), .seconds(30)]
    /// True sends again what no search found. It may be paid for twice, when the provider was only slow to list it.
    /// Default false: it is held for a person.
    public var repeatsLost = false
    /// Limits beside those that the provider tells of.
    public var rateLimits: [RateLimit] = []
    /// Submissions of this account at once; `nil` for no limit.
    public var maximumConcurrency: Int?
    /// The folder for images before delivery; `nil` takes the system's folder for temporary files.
    public var spoolDirectory: FilePath?
    /// The largest result that is taken, in bytes. Default 256 MiB.
    public var resultByteLimit = 256 << 20
    /// True to fetch results, and input images given by address, from internal networks too. Default false: only the
    /// provider's own origin may be internal.
    public var allowsInternalAddresses = false
    /// True where the files of a request may have other folders when its work is resumed, as on another host. Default false.
    ///
    /// Work is then known by its name, and the names of its files.
    public var filesMayMove = false
    /// Time and chance; tests put in their own.
    package var environment = RetryEnvironment()
    /// When a model that keeps failing is left alone, and for how long.
    var breaker = CircuitBreaker.Settings()
    /// The breaker's own clock.
    var breakerNow: @Sendable () -> ContinuousClock.Instant = { .now }
    /// The limit of the first submission of each request, in place of ``attemptTimeout``.
    var firstAttemptTimeout: Duration?
    /// The limiter's own: seconds since 1970 with their fractions.
    package var limiterNow: @Sendable () -> Double = { Date().timeIntervalSince1970 }
    /// The limiter's own: waits.
    package var limiterSleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// The defaults.
    public init() {}
}

/// The timing of polls of a job.
public struct PollingPolicy: Sendable, Hashable {
    /// Before the first look. Default 2 s.
    public var firstDelay = Duration.seconds(2)
    /// Each wait is so many times the one before. Default 1.5.
    public var growth = 1.5
    /// No wait is longer, unless the provider asks for it. Default 10 s.
    public var maximumDelay = Duration.seconds(10)
    /// A look whose response takes longer than this is asked for a second time beside it, and the first response counts; `nil`
    /// for never, which is the default. Submissions are never doubled.
    public var hedgeDelay: Duration?
    /// Failed polls in a row that end the call; the job continues and can be resumed later. Default 30.
    public var maximumFailures = 30

    /// The defaults.
    public init() {}

    /// The wait before the next look, a fifth more or less, so that jobs that began together are not asked for together.
    /// - Parameters:
    ///   - polls: Looks so far.
    ///   - hint: What the provider asked for: a wait of ours is never shorter.
    ///   - random: 0…1.
    func delay(afterPolls polls: Int, hint: Duration?, random: Double) -> Duration {
        var delay = firstDelay
        for _ in 0..<min(max(polls, 0), 64) where delay < maximumDelay { delay = delay * growth }
        let own = min(delay, maximumDelay) * (0.8 + 0.4 * min(max(random, 0), 1))
        guard let hint else { return own }
        return max(hint, own)
    }
}

/// A number of requests in a period.
public struct RateLimit: Sendable, Hashable {
    /// Requests.
    public var count: Int
    /// In this time.
    public var period: Duration

    /// Sets a limit.
    public init(_ count: Int, per period: Duration) {
        self.count = count
        self.period = period
    }

    /// Reads `60/min`, `1/s`, `500/hour`, `1000/day`; `nil` when the text is nothing of the kind.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), count > 0, let seconds = Self.units[parts[1].lowercased()]
        else { return nil }
        self.init(count, per: .seconds(seconds))
    }

    private static let units = [
        "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400,
        "day": 86_400,
    ]

    /// The limiter's window, named like the windows that providers report.
    var window: RateWindow {
        let names = [60.0: "minute", 3600: "hour", 86_400: "day"]
        let length = period.seconds
        return RateWindow(name: names[length] ?? "\(Int(length)) s", limit: count, length: length)
    }
}

extension GenerationOptions {
    var spool: FilePath {
        if let spoolDirectory { return spoolDirectory }
        let folder = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        return FilePath(folder).appending("snug-\(Machine.userID)")
    }
}
