// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugLedger

/// When a lease that ran out costs its worker the job: by a clock that never jumps, and to the millisecond.
@Suite("Leases that ran out") struct OverdueLeaseTests {
    private func job(_ name: String = "a", since: Int = 0, until: Int, fence: Int = 1) -> Job {
        var job = Job(
            .sample(name), id: JobID(trusted: String(repeating: name, count: 26)), key: "k",
            now: LedgerInstant(milliseconds: since))
        job.claim(by: "w", for: .milliseconds(until - since), now: LedgerInstant(milliseconds: since))
        job.fence = fence
        return job
    }

    /// The moments of a claim and of its lease's end, and the wait after the first look that takes the job away.
    static let rows: [(since: Int, until: Int, grace: Int)] = [
        (0, 10_000, 10_000), (0, 1, 1), (5_000, 64_999, 59_999), (0, 60_000, 60_000), (0, 3_600_000, 60_000),
        // The clock was set back after the claim, or the lease is none.
        (10_000, 4_000, 60_000), (7, 7, 60_000), (0, .max, 60_000),
    ]

    @Test("A lease is unrenewed for as long again as it lasted, at most a minute", arguments: rows)
    func graces(since: Int, until: Int, grace: Int) {
        let (leases, job) = (OverdueLeases(), self.job(since: since, until: until))
        let first = Duration.seconds(1000)
        #expect(leases.note([job], elapsed: first).isEmpty)
        #expect(leases.note([job], elapsed: first + .milliseconds(grace - 1)).isEmpty)
        #expect(leases.note([job], elapsed: first + .milliseconds(grace)).map(\.id) == [job.id])
        // Until somebody takes it, it stays so.
        #expect(leases.note([job], elapsed: first + .milliseconds(grace + 5)).count == 1)
    }

    @Test("A renewal, another claim, or a look that did not find it starts the wait over")
    func restarts() {
        let job = self.job(until: 1000)
        let changes: [(String, [Job])] = [
            ("renewed", [self.job(until: 1001)]), ("claimed again", [self.job(until: 1000, fence: 2)]), ("gone", []),
        ]
        for (what, seen) in changes {
            let leases = OverdueLeases()
            #expect(leases.note([job], elapsed: .zero).isEmpty)
            #expect(leases.note(seen, elapsed: .milliseconds(999)).isEmpty, "\(what)")
            let now = seen.first ?? job
            #expect(leases.note([now], elapsed: .milliseconds(1000)).isEmpty, "\(what)")
            #expect(leases.note([now], elapsed: .milliseconds(1998)).isEmpty, "\(what)")
            #expect(leases.note([now], elapsed: .milliseconds(2001)).count == 1, "\(what)")
        }
    }

    @Test("Each lease waits for itself")
    func several() {
        let (leases, short, long) = (OverdueLeases(), job("a", until: 1000), job("b", until: 5000))
        #expect(leases.note([short], elapsed: .zero).isEmpty)
        #expect(leases.note([short, long], elapsed: .seconds(1)).map(\.id) == [short.id])
        #expect(leases.note([long], elapsed: .milliseconds(5999)).isEmpty)
        #expect(leases.note([long, short], elapsed: .seconds(6)).map(\.id) == [long.id])
    }

    #if Postgres
        @Test("A worker whose connection is gone is given its grace once, and again after it was seen")
        func departures() {
            let departures = Departures(grace: .seconds(10))
            #expect(departures.note(["a", "b"], elapsed: .zero).isEmpty)
            #expect(departures.note(["a"], elapsed: .milliseconds(9_999)).isEmpty)
            #expect(departures.note(["a", "b"], elapsed: .seconds(10)) == ["a"])
            #expect(departures.note(["b"], elapsed: .milliseconds(19_999)).isEmpty)
            #expect(departures.note(["b", "a"], elapsed: .seconds(20)) == ["b"])
            #expect(!departures.hasDeparted("c", isMissing: true, elapsed: .seconds(20)))
            #expect(!departures.hasDeparted("c", isMissing: false, elapsed: .seconds(25)))
            #expect(!departures.hasDeparted("c", isMissing: true, elapsed: .seconds(30)))
            #expect(!departures.hasDeparted("c", isMissing: true, elapsed: .milliseconds(39_999)))
            #expect(departures.hasDeparted("c", isMissing: true, elapsed: .seconds(40)))
            #expect(Departures(grace: .zero).note(["d"], elapsed: .seconds(1)) == ["d"])
        }
    #endif
}
