// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct RateLimitStateTests {
    /// A time that no number of seconds to wait could be.
    private let base = 1_800_000_000.0

    /// A state after requests that took one second each.
    private func state(startingAt starts: [Double]) -> RateLimitState {
        var state = RateLimitState()
        for (id, start) in starts.enumerated() {
            state.begin(UInt64(id), now: start)
            state.end(UInt64(id), counts: true, now: start + 1)
        }
        return state
    }

    @Test("A full window waits for the first response to be as old as the window is long")
    func window() {
        let state = state(startingAt: [0, 10, 20])
        let hour = [RateWindow.hour(3)]
        #expect(state.decide([.hour(4)], now: 30) == .go)
        #expect(state.decide(hour, now: 30) == .wait(until: 3601, window: "hour"))
        #expect(state.decide(hour, now: 3600.9) == .wait(until: 3601, window: "hour"))
        #expect(state.decide(hour, now: 3601) == .go)
        // Whoever waits behind others waits for their turn too.
        #expect(state.decide(hour, position: 1, now: 30) == .wait(until: 3611, window: "hour"))
        #expect(state.decide(hour, position: 3, now: 30) == .wait(until: 7201, window: "hour"))
        #expect(state.decide([.hour(5)], position: 1, now: 30) == .go)
    }

    @Test("Of several windows the one that takes longest decides")
    func several() {
        let state = state(startingAt: [0, 1])
        #expect(state.decide([.minute(2), .hour(3), .day(9)], now: 5) == .wait(until: 61, window: "minute"))
        #expect(state.decide([.minute(2), .hour(2), .day(9)], now: 5) == .wait(until: 3601, window: "hour"))
        #expect(state.available([.minute(2), .day(9)], now: 5) == 0)
        #expect(state.available([.day(9)], now: 5) == 7)
        #expect(state.available([.day(nil)], now: 5) == nil)
    }

    @Test("Requests that the server counts besides end between those of this account")
    func ofOthers() {
        var state = state(startingAt: [0, 80_000])
        // Four were used, of which two are this account's. Without a reset, the end of the others is unknown: an hour.
        let report = RateReport(["X-RateLimit-Limit-Day": "4", "X-RateLimit-Remaining-Day": "0"], now: 85_000)
        state.learn(report, sent: 84_990, now: 85_000)
        let ends = [86_401, 88_600, 88_600, 166_401, 172_801].map(Double.init)
        for (position, end) in ends.enumerated() {
            #expect(state.decide([.day(4)], position: position, now: 85_000) == .wait(until: end, window: "day"))
        }
    }

    @Test("A request under way counts, one that never left does not")
    func underWay() {
        var state = RateLimitState()
        state.begin(1, now: 0)
        #expect(state.decide([.minute(1)], now: 500) == .wait(until: 560, window: "minute"))
        state.end(1, counts: false, now: 501)
        #expect(state.decide([.minute(1)], now: 501) == .go)
        // Its process died: taken for over after ten minutes.
        state.begin(2, now: 1000)
        #expect(state.decide([.minute(1)], now: 1599) != .go)
        #expect(state.decide([.minute(1)], now: 1661) == .go)
    }

    @Test("The provider's headers set limits, count what others did, and end windows")
    func told() {
        var state = state(startingAt: [1_800_000_000])
        let report = RateReport(
            [
                "X-RateLimit-Limit-Hour": "5", "X-RateLimit-Remaining-Hour": "2",
                "X-RateLimit-Reset-Hour": "1800000600",
                "X-RateLimit-Limit-Day": "100", "X-RateLimit-Remaining-Day": "90",
            ], now: 1_800_000_001)
        state.learn(report, sent: 1_800_000_000, now: 1_800_000_001)
        #expect(state.available([], now: 1_800_000_001) == 2)
        #expect(state.available([.hour(4)], now: 1_800_000_001) == 1)
        for id in 10..<12 {
            state.begin(UInt64(id), now: 1_800_000_002)
            state.end(UInt64(id), counts: true, now: 1_800_000_003)
        }
        // The clocks of both sides may differ by the second that times are rounded to.
        #expect(state.decide([], now: 1_800_000_004) == .wait(until: 1_800_000_601, window: "hour"))
        state.prune([], now: 1_800_000_601)
        #expect(state.available([], now: 1_800_000_601) == 5)
    }

    @Test("A reset counts from the server's own clock")
    func skew() {
        let fields: HTTPFields = [
            "X-RateLimit-Limit-Hour": "5", "X-RateLimit-Remaining-Hour": "0", "X-RateLimit-Reset-Hour": "1795176060",
            "Date": "Fri, 20 Nov 2026 12:00:00 GMT",
        ]
        #expect(RateReport(fields, now: 5).windows.first?.reset == 65)
    }

    @Test("Durations as resets, and no limit where there is none")
    func durations() throws {
        let fields: HTTPFields = [
            "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "6m0s", "X-RateLimit-Limit-Hour": "0", "X-RateLimit-Limit-Day": "soon",
        ]
        let report = RateReport(fields, now: 100)
        #expect(report.windows.map(\.name) == ["hour", "requests"])
        #expect(report.windows.map(\.limit) == [nil, 60])
        var state = RateLimitState()
        state.learn(report, sent: 99, now: 100)
        #expect(state.decide([], now: 100) == .wait(until: 461, window: "requests"))
        #expect(state.decide([], now: 461) == .go)
    }

    @Test("A server that has forgotten what was answered before has begun a new window")
    func forgets() {
        var state = state(startingAt: [0, 10, 20])
        let fresh = RateReport(
            ["X-RateLimit-Limit-Day": "3", "X-RateLimit-Remaining-Day": "2"], now: 100)
        // A poll sent before the last response says nothing of it.
        state.learn(fresh, sent: 15, now: 100)
        #expect(state.available([], now: 100) == 1)
        state.learn(fresh, sent: 50, now: 101)
        #expect(state.available([], now: 101) == 2)
    }

    @Test("A window that others used up is tried again after an hour when its reset is unknown")
    func others() {
        var state = RateLimitState()
        let spent = RateReport(["X-RateLimit-Limit-Day": "3", "X-RateLimit-Remaining-Day": "0"], now: 0)
        state.learn(spent, sent: 0, now: 0)
        #expect(state.decide([], now: 1) == .wait(until: 3600, window: "day"))
        #expect(state.decide([], now: 3600) == .go)
    }

    @Test("Parked until the provider's time, whatever the windows say")
    func parked() {
        var state = RateLimitState()
        state.park(until: 900)
        state.park(until: 100)
        #expect(state.decide([.hour(5)], now: 50) == .wait(until: 900, window: "parked"))
        #expect(state.decide([.hour(5)], now: 900) == .go)
    }

    @Test func whatHasNoBearingIsDropped() throws {
        var state = state(startingAt: [0, 100, 200])
        state.prune([.minute(5)], now: 165)
        #expect(state.uses.map(\.start) == [200])
        let copy = try JSONDecoder().decode(RateLimitState.self, from: JSONEncoder().encode(state))
        #expect(copy == state)
        state.prune([], now: 165)
        #expect(state.uses.isEmpty || state.uses.map(\.start) == [200])
    }

    /// A server with a window that begins with its first request, or one that slides, and a client that is let go.
    @Test("A server never sees one more than its limit, whatever its windows are like", arguments: UInt64(0)..<40)
    func never(seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...6, using: &random)
        let slides = Bool.random(using: &random)
        let tells = Bool.random(using: &random)
        var (state, counted, windowStart) = (RateLimitState(), [Double](), 0.0)
        var (now, open) = (base, [(id: UInt64, arrives: Double, ends: Double, sent: Double)]())
        var sent = 0
        let begin = now
        for id in UInt64(0)..<4000 {
            // Whoever has been waiting for this thread meanwhile may be in the middle of an exchange.
            if id % 50 == 0 { await Task.yield() }
            now += Double.random(in: 0...4, using: &random)
            for request in open.sorted(by: { $0.arrives < $1.arrives }) where request.arrives <= now {
                if slides {
                    counted.removeAll { $0 + 60 <= request.arrives }
                } else if request.arrives >= windowStart + 60 {
                    (windowStart, counted) = (request.arrives, [])
                }
                counted.append(request.arrives)
                #expect(counted.count <= limit, "request \(request.id) at \(request.arrives)")
                open.removeAll { $0.id == request.id }
                var fields: HTTPFields = ["X-RateLimit-Limit-Minute": "\(limit)"]
                if tells {
                    fields["X-RateLimit-Remaining-Minute"] = "\(limit - counted.count)"
                    if !slides { fields["X-RateLimit-Reset-Minute"] = "\(Int(windowStart + 60))" }
                }
                let end = max(request.ends, now)
                state.end(request.id, counts: true, now: end)
                state.learn(RateReport(fields, now: end), sent: request.sent, now: end)
                now = end
            }
            state.prune([.minute(limit)], now: now)
            guard state.decide([.minute(limit)], now: now) == .go else { continue }
            state.begin(id, now: now)
            sent += 1
            let arrives = now + Double.random(in: 0...3, using: &random)
            open.append((id, arrives, arrives + Double.random(in: 0...3, using: &random), now))
        }
        // Careful, and not idle: at least half of what it may.
        #expect(Double(sent) >= (now - begin) / 66 * Double(limit) * 0.5)
    }
}
