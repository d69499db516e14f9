// SPDX-License-Identifier: Apache-2.0

/// A window of time with a limit of requests.
struct RateWindow: Sendable, Hashable {
    /// `minute`, `hour`, `day`, or what the provider calls it.
    var name: String
    /// Requests in it; `nil` until the provider says.
    var limit: Int?
    /// Seconds.
    var length: Double

    static func minute(_ limit: Int?) -> RateWindow { RateWindow(name: "minute", limit: limit, length: 60) }
    static func hour(_ limit: Int?) -> RateWindow { RateWindow(name: "hour", limit: limit, length: 3600) }
    static func day(_ limit: Int?) -> RateWindow { RateWindow(name: "day", limit: limit, length: 86_400) }
}

/// The requests and limits of an account. Knows no clock: all times are seconds since 1970.
///
/// A request counts from the moment it is let go until a window's length after its *response*: the server counted it at some
/// moment in between, so whatever its windows are like, fixed or sliding, it never sees one more than its limit.
public struct RateLimitState: Codable, Sendable, Hashable {
    /// One request of ours.
    struct Use: Codable, Sendable, Hashable {
        var id: UInt64
        var start: Double
        /// When its response was here; `nil` while it is under way.
        var end: Double?
    }

    /// The provider's report of one window.
    struct Told: Codable, Sendable, Hashable {
        var limit: Int?
        var length: Double
        /// When the window ends.
        var reset: Double?
        /// Uses that ended before this are of an earlier window.
        var voidBefore = -1.0
        /// Requests that are not ours: of another machine, of the web page.
        var others = 0
        var othersUntil = 0.0
    }

    /// No requests, and no limits that the provider told of.
    public init() {}

    private(set) var uses: [Use] = []
    private(set) var told: [String: Told] = [:]
    /// Nothing is sent before this.
    private(set) var parkedUntil = 0.0
    /// Requests at once, as the provider said.
    private(set) var concurrency: Int?
    /// Until when that holds: accounts are topped up, and plans change.
    private var concurrencyUntil: Double?

    /// The decision about a request.
    enum Decision: Hashable, Sendable {
        case go
        /// `window` is `parked` when the provider asked for the wait.
        case wait(until: Double, window: String)
    }

    /// The window of a wait that the provider asked for.
    static let parkedName = "parked"
    /// The time after which a request of a dead process counts as ended.
    private static let longestRequest = 600.0
    /// A server's times are whole seconds, and ours is not its clock.
    private static let slack = 3.0

    // MARK: Asking

    /// When a request may go that has `position` others before it.
    func decide(_ windows: [RateWindow], position: Int = 0, now: Double) -> Decision {
        var result = Decision.go
        var latest = now
        if parkedUntil > now {
            latest = parkedUntil
            result = .wait(until: latest, window: Self.parkedName)
        }
        for window in effective(windows) {
            guard let free = earliest(window, position: position, now: now), free > latest else { continue }
            latest = free
            result = .wait(until: free, window: window.name)
        }
        return result
    }

    /// Requests that could go now; `nil` when nothing limits them.
    func available(_ windows: [RateWindow], now: Double) -> Int? {
        effective(windows).compactMap { window in window.limit.map { max(0, $0 - expiries(window, now: now).count) } }
            .min()
    }

    /// The windows in force: those that were set, the stricter of a set and a reported one, and those only reported.
    private func effective(_ windows: [RateWindow]) -> [RateWindow] {
        var all = windows
        for (name, told) in told.sorted(by: { $0.key < $1.key }) {
            guard let index = all.firstIndex(where: { $0.name == name }) else {
                all.append(RateWindow(name: name, limit: told.limit, length: told.length))
                continue
            }
            if let limit = told.limit { all[index].limit = min(all[index].limit ?? limit, limit) }
        }
        return all
    }

    private func earliest(_ window: RateWindow, position: Int, now: Double) -> Double? {
        guard let limit = window.limit else { return nil }
        let expiries = expiries(window, now: now)
        let missing = position - (limit - expiries.count)
        guard missing >= 0 else { return nil }
        guard limit > 0, expiries.count > 0 else { return now + window.length * Double(missing + 1) }
        // Further back than the window is wide, each turn of it lets as many through.
        let (turns, place) = missing.quotientAndRemainder(dividingBy: expiries.count)
        return expiries[place] + Double(turns) * window.length
    }

    /// When each request that counts in a window stops to, in order of time.
    private struct Expiries {
        /// Of the requests of this account's own, sorted.
        var own: [Double]
        /// Of requests that a server counts besides: all at one time, and perhaps very many.
        var others: (count: Int, time: Double) = (0, 0)

        var count: Int { own.count + others.count }

        subscript(place: Int) -> Double {
            let earlier = own.prefix { $0 <= others.time }.count
            if place < earlier { return own[place] }
            return place < earlier + others.count ? others.time : own[place - others.count]
        }
    }

    private func expiries(_ window: RateWindow, now: Double) -> Expiries {
        let told = told[window.name]
        let reset = told?.reset.flatMap { $0 > now ? $0 : nil }
        let own = uses.compactMap { use -> Double? in
            let end = min(use.end ?? (use.start + Self.longestRequest > now ? now : use.start), now)
            if use.end != nil, end <= told?.voidBefore ?? -1 { return nil }
            let expiry = end + window.length
            guard expiry > now else { return nil }
            guard let reset, use.end != nil, end <= reset - Self.slack else { return expiry }
            return min(expiry, reset)
        }
        var result = Expiries(own: own.sorted())
        if let told, told.othersUntil > now { result.others = (min(told.others, 100_000), told.othersUntil) }
        return result
    }

    // MARK: Telling

    /// A request is about to go.
    mutating func begin(_ id: UInt64, now: Double) { uses.append(Use(id: id, start: now, end: nil)) }

    /// A request is over.
    /// - Parameter counts: False when it surely never left.
    mutating func end(_ id: UInt64, counts: Bool, now: Double) {
        guard let index = uses.firstIndex(where: { $0.id == id }) else { return }
        if counts { uses[index].end = now } else { uses.remove(at: index) }
    }

    /// The provider said how things are.
    /// - Parameter sent: When the request left whose response says so.
    mutating func learn(_ report: RateReport, sent: Double, now: Double) {
        for window in report.windows {
            var known = told[window.name] ?? Told(length: window.length)
            known.limit = window.limit
            if let reset = window.reset { known.reset = max(now, reset) + 1 }
            if let limit = window.limit, let remaining = window.remaining {
                let used = max(0, limit - remaining)
                forget(&known, used: used, sent: sent, now: now)
                // The request of this response is among them, and earlier ones have most likely arrived before it.
                let ours = uses.count { $0.end.map { counts($0, known, now: now) } ?? ($0.start <= sent) }
                known.others = max(0, used - ours)
                // Without a reset their end is unknown: a request now and then finds out.
                known.othersUntil = known.reset ?? now + min(known.length, 3600)
            }
            told[window.name] = known
        }
    }

    /// All requests that ended before this one left were counted before it, and so was this one by now: a lower number
    /// means that the server has begun a new window since, or does not count what it refused.
    private func forget(_ window: inout Told, used: Int, sent: Double, now: Double) {
        let before = uses.compactMap(\.end).filter { $0 < sent && counts($0, window, now: now) }.sorted()
        let isResponseToOurs = uses.contains { $0.end == nil && $0.start == sent }
        let excess = before.count + (isResponseToOurs ? 1 : 0) - used
        guard excess > 0, !before.isEmpty else { return }
        window.voidBefore = before[min(excess, before.count) - 1]
    }

    private func counts(_ end: Double, _ window: Told, now: Double) -> Bool {
        end > window.voidBefore && end + window.length > now
    }

    /// The provider asked to be left alone.
    mutating func park(until: Double) { parkedUntil = max(parkedUntil, until) }

    /// Forgets a wait that the provider asked for.
    mutating func unpark() { parkedUntil = 0 }

    /// The provider takes no more than so many at once, which holds for an hour.
    mutating func limitConcurrency(_ count: Int, now: Double) {
        concurrency = min(concurrency ?? count, max(1, count))
        concurrencyUntil = now + 3600
    }

    /// Drops what has no bearing any more.
    mutating func prune(_ windows: [RateWindow], now: Double) {
        if let until = concurrencyUntil, until <= now {
            concurrency = nil
            concurrencyUntil = nil
        }
        for (name, var window) in told {
            guard let reset = window.reset, reset <= now else { continue }
            window.voidBefore = max(window.voidBefore, reset - Self.slack)
            window.reset = nil
            told[name] = window
        }
        let all = effective(windows).filter { $0.limit != nil }
        let longest = all.map(\.length).max() ?? 0
        uses.removeAll { use in (use.end ?? use.start + Self.longestRequest) + longest <= now }
    }
}
