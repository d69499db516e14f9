// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Whose turn it is, and for how long.
@Suite struct DaemonOrderTests {
    private static let reason = JobReason(code: JobReason.byRequest, message: "until all are in")

    /// Two folders whose files are all in the ledger before the first one is begun, and the folders in the order of their turns.
    private func turns(
        in fixture: DaemonFixture, _ counts: (first: Int, second: Int), _ change: (inout WatchFolder) -> Void = { _ in }
    ) async throws -> [String] {
        var configuration = fixture.configuration()
        var second = fixture.watchFolder(inbox: "inbox2", outbox: "outbox2")
        second.name = "second"
        change(&second)
        configuration.folders.append(second)
        configuration.workers.fits = 1
        for number in 0..<counts.first {
            try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg")
        }
        for number in 0..<counts.second {
            try fixture.folder.write(WatchImages.small(1000 + number), to: "inbox2/\(number).jpg")
        }
        try await fixture.ledger.pause(.all, until: nil, reason: Self.reason)
        try await fixture.daemon(configuration).runOnce()
        #expect(fixture.files("outbox") == [] && fixture.files("outbox2") == [])
        try await fixture.ledger.unpause(.all)
        try await fixture.daemon(configuration).runOnce()
        #expect(fixture.files("outbox").count == counts.first && fixture.files("outbox2").count == counts.second)
        try await fixture.checkBooks()
        return fixture.allEvents.compactMap { event in
            if case .began(.fit) = event.kind { event.subject?.folder } else { nil }
        }
    }

    @Test("A folder with many files: one with few has its turns among them, not after them")
    func fairness() async throws {
        let turns = try await turns(in: try await DaemonFixture(), (first: 24, second: 4))
        #expect(turns.count == 28)
        // One after the other, as long as both have some.
        let last = try #require(turns.lastIndex(of: "second"))
        #expect(last <= 9, "\(turns)")
    }

    @Test("Interactive work goes before background work, which still is done")
    func priority() async throws {
        // Not so slow a machine that the background has waited for long.
        let fixture = try await DaemonFixture(policy: LedgerPolicy(ageing: .seconds(3600)))
        let turns = try await turns(in: fixture, (first: 6, second: 6)) { $0.priority = .interactive }
        #expect(Array(turns.prefix(6)) == Array(repeating: "second", count: 6), "\(turns)")
    }

    @Test("Ageing: background work that has waited for long goes before interactive work that has not")
    func ageing() async throws {
        // No wait is short of this one.
        let fixture = try await DaemonFixture(policy: LedgerPolicy(ageing: .zero))
        let turns = try await turns(in: fixture, (first: 6, second: 6)) { $0.priority = .interactive }
        #expect(turns.prefix(6).contains("inbox"), "\(turns)")
    }

    @Test("A network that is down costs no attempt, and the job goes on once it is back")
    func networkDown() async throws {
        let fixture = try await DaemonFixture()
        let isDown = Mutex(true)
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let engine: Daemon.Engine = { source, limits, policy in
            if isDown.withLock({ $0 }) { throw HTTPError(.cannotConnect, "no route to host") }
            return try await DaemonFixture.engine(source, limits, policy)
        }
        let configuration = fixture.configuration { $0.maximumAttempts = 1 }
        for _ in 0..<3 {
            try await fixture.daemon(configuration, fit: engine).runOnce()
            let job = try #require(try await fixture.jobs()["a.jpg"])
            #expect(job.state == .waiting && job.attempt == 0 && job.reason?.code == "cannot_connect")
            #expect(job.dueAt > job.since)
            // A person need not wait for the next look.
            try await fixture.ledger.resolve([job.id], .cancel)
            try await fixture.ledger.resolve([job.id], .retry)
        }
        #expect(fixture.files("failed") == [])
        isDown.withLock { $0 = false }
        try await fixture.daemon(configuration, fit: engine).runOnce()
        #expect(fixture.files("outbox") == ["a.jpg"])
        try await fixture.checkBooks()
    }

    @Test("A long step keeps its lease: nobody else gets the job, and it is done once")
    func leaseRenewal() async throws {
        let fixture = try await DaemonFixture()
        let other = try await SQLiteLedger.open(fixture.state.appending("ledger.sqlite"))
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let ledger = fixture.ledger
        let renewals = Mutex(0)
        let engine: Daemon.Engine = { source, limits, policy in
            var last: LedgerInstant?
            // For longer than a lease.
            while renewals.withLock({ $0 }) < 4 {
                let until = try await ledger.list(JobFilter(states: [.running])).first?.leaseUntil
                if let until, let last, until > last { renewals.withLock { $0 += 1 } }
                last = until
                #expect(try await other.claim(ClaimRequest()).isEmpty)
                try await Task.sleep(for: .milliseconds(10))
            }
            return try await DaemonFixture.engine(source, limits, policy)
        }
        try await fixture.daemon(fit: engine, leaseTime: .seconds(4)).runOnce()
        try await other.close()
        #expect(fixture.files("outbox") == ["a.jpg"])
        let job = try #require(try await fixture.jobs()["a.jpg"])
        let verbs = try await fixture.ledger.history(of: job.id).map(\.verb)
        #expect(verbs.count { $0 == "claim" } == 1, "\(verbs)")
        try await fixture.checkBooks()
    }

    @Test("A job that is cancelled while it runs ends, and its file is put aside with the reason")
    func cancelled() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let ledger = fixture.ledger
        let engine: Daemon.Engine = { _, _, _ in
            let ids = try await ledger.list(JobFilter(states: [.running])).map(\.id)
            try await ledger.resolve(ids, .cancel)
            try await Task.sleep(for: .seconds(3600))
            throw CancellationError()
        }
        try await fixture.daemon(fit: engine, leaseTime: .seconds(1)).runOnce()
        #expect(try await fixture.jobs()["a.jpg"]?.state == .cancelled)
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == [] && fixture.files("failed") == ["a.jpg", "a.jpg.error.json"])
        try await fixture.checkBooks()
    }

    @Test("A drain waits for what runs as long as it may, and no longer")
    func drainBound() async throws {
        let fixture = try await DaemonFixture()
        for number in 0..<3 { try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg") }
        let (hasBegun, mayEnd) = (AsyncEvent(), AsyncEvent())
        let count = Mutex(0)
        let engine: Daemon.Engine = { source, limits, policy in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 2 {
                hasBegun.signal()
                try await Task.sleep(for: .seconds(3600))
            }
            if number == 1 { await mayEnd.wait() }
            return try await DaemonFixture.engine(source, limits, policy)
        }
        let daemon = try fixture.daemon(fit: engine)
        try await fixture.whileRunning(daemon) {
            await hasBegun.wait()
            async let drained: Void = daemon.drain(within: .seconds(600))
            try await fixture.waitUntil { try await daemon.status().phase == .draining }
            mayEnd.signal()
            try await fixture.waitUntil { try await fixture.jobs().values.contains { $0.state == .delivered } }
            // The bound of this one is over at once.
            await daemon.drain(within: .zero)
            await drained
        }
        // What could finish did, what could not is handed back, and what had not begun still waits.
        let jobs = try await fixture.jobs().values
        #expect(jobs.count { $0.state == .waiting && $0.attempt == 0 } == 2)
        #expect(jobs.count { $0.state == .delivered } == 1 && fixture.files("outbox").count == 1)
        try await fixture.checkBooks(waiting: 2)
    }

    @Test("Books after pruning: jobs are forgotten, and stay counted")
    func pruned() async throws {
        let fixture = try await DaemonFixture()
        for number in 0..<3 { try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg") }
        try fixture.folder.write(Array("no image at all".utf8), to: "inbox/bad.jpg")
        var configuration = fixture.configuration()
        try await fixture.daemon(configuration).runOnce()
        try await Task.sleep(for: .milliseconds(5))
        configuration.retention = PruningPolicy(delivered: .zero, cancelled: .zero, failed: nil)
        // The next start prunes.
        let report = try await fixture.daemon(configuration).runOnce()
        #expect(try await fixture.jobs().keys.sorted() == ["bad.jpg"])
        let books = try #require(report.books["inbox"])
        #expect(books.seen == 4 && books.count(.delivered) == 3 && books.count(.failed) == 1 && books.areBalanced)
        // A result stays, and its source that comes again is new work.
        #expect(fixture.files("outbox").count == 3)
        try fixture.folder.write(WatchImages.small(0), to: "inbox/0.jpg")
        let again = try await fixture.daemon(configuration).runOnce()
        #expect(again.books["inbox"]?.seen == 5 && again.books["inbox"]?.areBalanced == true)
    }
}
