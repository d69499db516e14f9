// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugHTTP

/// By the clock of the test: nothing here waits.
@Suite struct BandwidthLimiterTests {
    private let start = ContinuousClock.now

    @Test(
        "A rate below 1 KiB a second is 1 KiB a second",
        arguments: [
            (-5, 1024), (0, 1024), (1023, 1024), (1024, 1024), (1025, 1025), (Int.max, Int.max),
        ])
    func least(wanted: Int, rate: Int) { #expect(BandwidthLimiter(bytesPerSecond: wanted).bytesPerSecond == rate) }

    @Test("The first bytes wait for their time, and the wait is what the rate says")
    func first() {
        let limiter = BandwidthLimiter(bytesPerSecond: 100_000)
        // 2,500 bytes at least, which is half of a twentieth of a second.
        #expect(limiter.grant(10_000, now: start) == .wait(.seconds(2_500.0 / 100_000)))
        // No more than that twentieth is saved up.
        #expect(limiter.grant(10_000, now: start + .milliseconds(60)) == .bytes(5_000))
        #expect(limiter.grant(100, now: start + .milliseconds(60)) == .wait(.seconds(100.0 / 100_000)))
        #expect(limiter.grant(100, now: start + .milliseconds(62)) == .bytes(100))
    }

    @Test("A wait that is kept is enough for what was asked, at every rate", arguments: [1024, 65_537, 1_000_000_000])
    func enough(rate: Int) {
        var random = SeededGenerator(seed: UInt64(rate))
        let limiter = BandwidthLimiter(bytesPerSecond: rate)
        var now = start
        for _ in 0..<500 {
            let wanted = Int.random(in: 1...200_000, using: &random)
            guard case .wait(let wait) = limiter.grant(wanted, now: now) else { continue }
            #expect(wait > .zero && wait <= .seconds(5))
            // Rounding may leave out a part of a byte, which the next nanoseconds bring.
            now += wait + .nanoseconds(1)
            guard case .bytes(let count) = limiter.grant(wanted, now: now) else {
                Issue.record("\(wanted) bytes after \(wait)")
                continue
            }
            #expect(count > 0 && count <= wanted)
        }
    }

    @Test("A clock that stands still gives nothing twice")
    func still() {
        let limiter = BandwidthLimiter(bytesPerSecond: 1_000_000)
        _ = limiter.grant(1, now: start)
        let now = start + .seconds(1)
        var total = 0
        for _ in 0..<100 {
            guard case .bytes(let count) = limiter.grant(10_000, now: now) else { break }
            total += count
        }
        #expect(total > 0 && total <= 50_000)
    }

    @Test("Nothing is asked for, and nothing is waited for")
    func none() {
        let limiter = BandwidthLimiter(bytesPerSecond: 1024)
        #expect(limiter.grant(0, now: start) == .bytes(0))
    }

    @Test("What is given back counts for others")
    func refund() {
        let limiter = BandwidthLimiter(bytesPerSecond: 100_000)
        _ = limiter.grant(1, now: start)
        let now = start + .milliseconds(60)
        #expect(limiter.grant(5_000, now: now) == .bytes(5_000))
        #expect(limiter.grant(5_000, now: now) != .bytes(5_000))
        limiter.refund(5_000)
        #expect(limiter.grant(5_000, now: now) == .bytes(5_000))
    }

    @Test("Over a minute the bytes are the rate's, however many take them in turn", arguments: [1, 7])
    func minute(takers: Int) {
        let (rate, limiter) = (50_000, BandwidthLimiter(bytesPerSecond: 50_000))
        var random = SeededGenerator(seed: UInt64(takers))
        var now = start
        var total = 0
        while now < start + .seconds(60) {
            for _ in 0..<takers {
                if case .bytes(let count) = limiter.grant(Int.random(in: 1...65_536, using: &random), now: now) {
                    total += count
                }
            }
            now += .milliseconds(Int.random(in: 1...40, using: &random))
        }
        let most = 60.0 * Double(rate) + max(4096, Double(rate) / 20)
        #expect(Double(total) <= most + 1 && Double(total) > most * 0.9)
    }
}
