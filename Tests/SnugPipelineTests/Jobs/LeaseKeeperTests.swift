// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem
import Synchronization
import Testing

@testable import SnugPipeline

// They wait for what a keeper does; one that does it no more must fail them.
@Suite(.timeLimit(.minutes(5))) struct LeaseKeeperTests {
    private let ledger: any LedgerStore = InMemoryLedger()
    private let watches = LeaseWatches()

    private func keeper(_ leaseTime: Duration) -> LeaseKeeper {
        LeaseKeeper(ledger: ledger, watches: watches, leaseTime: leaseTime, logger: Logger(label: "test"))
    }

    private func claim(_ name: String, for time: Duration) async throws -> ClaimedJob {
        _ = try await ledger.enqueue([
            NewJob(
                JobIdentity(contentHash: name, pipeline: "fit", options: "{}", version: 1), name: name, folder: "in",
                step: .fit, payload: "{}")
        ])
        return try #require(try await ledger.claim(ClaimRequest(lease: time)).first)
    }

    private func until(_ isTrue: () async throws -> Bool) async throws {
        while try await !isTrue() { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("A lease is renewed again and again, and not after its release")
    func renews() async throws {
        // Long enough for a machine that is busy with other tests.
        let keeper = keeper(.seconds(3))
        let claim = try await claim("a", for: .seconds(3))
        let id = claim.job.id
        let entry = keeper.keep(claim.lease) { Issue.record("nobody took the job") }
        var last = try #require(claim.job.leaseUntil)
        for _ in 0..<2 {
            try await until { try await ledger.job(id).leaseUntil.map { $0 > last } ?? false }
            last = try #require(try await ledger.job(id).leaseUntil)
        }
        // On a machine that has much else to do a renewal may come after the lease has run out; the next one makes up for it.
        try await until { watches.lasts(id) }
        #expect(!keeper.isLost(entry))
        keeper.release(entry)
        #expect(keeper.count == 0 && !keeper.isLost(entry))
    }

    @Test("Work on a job that is somebody else's is ended, and the others go on")
    func lost() async throws {
        let keeper = keeper(.milliseconds(150))
        let (gone, stays) = (try await claim("a", for: .seconds(60)), try await claim("b", for: .seconds(60)))
        let ended = AsyncEvent()
        let entry = keeper.keep(gone.lease) { ended.signal() }
        let other = keeper.keep(stays.lease) { Issue.record("nobody took the job") }
        try await ledger.release(gone.lease)
        await ended.wait()
        #expect(keeper.isLost(entry) && !keeper.isLost(other))
        keeper.release(entry)
        keeper.release(other)
    }

    @Test("Work on a job that is to be cancelled is ended, and the job is not lost")
    func cancelled() async throws {
        let keeper = keeper(.milliseconds(150))
        let claim = try await claim("a", for: .seconds(60))
        let ended = AsyncEvent()
        let entry = keeper.keep(claim.lease) { ended.signal() }
        try await ledger.resolve([claim.job.id], .cancel)
        await ended.wait()
        #expect(!keeper.isLost(entry))
        keeper.release(entry)
    }

    @Test("A job that is cancelled ends long before its lease is renewed")
    func cancelledEarly() async throws {
        // Renewed after 9 s; looked at every 0.9 s.
        let keeper = keeper(.seconds(27))
        let (claim, other) = (try await claim("a", for: .seconds(60)), try await claim("b", for: .seconds(60)))
        let until = claim.job.leaseUntil
        let ended = AsyncEvent()
        let entry = keeper.keep(claim.lease) { ended.signal() }
        let kept = keeper.keep(other.lease) { Issue.record("nobody cancelled the job") }
        try await ledger.resolve([claim.job.id], .cancel)
        await ended.wait()
        #expect(try await ledger.job(claim.job.id).leaseUntil == until)
        keeper.release(entry)
        keeper.release(kept)
    }

    @Test("After all were released, the next one is kept too")
    func again() async throws {
        let keeper = keeper(.milliseconds(150))
        for name in ["a", "b", "c"] {
            let claim = try await claim(name, for: .seconds(60))
            let ended = AsyncEvent()
            let entry = keeper.keep(claim.lease) { ended.signal() }
            try await ledger.release(claim.lease)
            await ended.wait()
            #expect(keeper.isLost(entry))
            keeper.release(entry)
            try await ledger.resolve([claim.job.id], .cancel)
            // The timer ends by itself where nobody is kept.
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(keeper.count == 0)
    }
}
