// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Pauses and parked accounts over restarts") struct HoldLifetimeTests {
    let folder: TemporaryFolder
    let time = TestTime()

    init() throws { folder = try TemporaryFolder() }

    private func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(
            folder.path.appending("ledger.sqlite"),
            configuration: LedgerConfiguration(environment: time.environment))
    }

    /// Closes a ledger and opens it again, as a restart does.
    private func restart(_ ledger: SQLiteLedger) async throws -> SQLiteLedger {
        try await ledger.close()
        return try await open()
    }

    @Test("A pause is there after a restart with its reason, and ends with its time or when lifted")
    func survive() async throws {
        var ledger = try await open()
        let details = JobReason(code: "by_request", message: "holidays", details: #"{"by":"me"}"#)
        let until = time.now + .seconds(60)
        try await ledger.pause(.all, until: nil, reason: details)
        try await ledger.pause(.step(.upload), until: until, reason: .test)
        try await ledger.park(account: "a", until: until, reason: .test)
        let before = try await ledger.holds()
        ledger = try await restart(ledger)
        #expect(try await ledger.holds() == before && before.count == 3)
        #expect(before.first { $0.scope == .all }?.reason == details)
        time.advance(.milliseconds(59_999))
        ledger = try await restart(ledger)
        #expect(try await ledger.holds().count == 3)
        time.advance(.milliseconds(1))
        #expect(try await ledger.holds().map(\.scope) == [.all])
        ledger = try await restart(ledger)
        try await ledger.unpause(.all)
        ledger = try await restart(ledger)
        #expect(try await ledger.holds().isEmpty)
    }

    @Test("A pause and a parked account of one name are two, and each is lifted by its own verb")
    func apart() async throws {
        let ledger = try await open()
        let until = time.now + .seconds(60)
        try await ledger.pause(.account("a"), until: until, reason: .test)
        try await ledger.park(account: "a", until: until, reason: .test)
        #expect(try await ledger.holds().map(\.kind) == [.park, .pause])
        try await ledger.unpause(.account("a"))
        #expect(try await ledger.holds().map(\.kind) == [.park])
        try await ledger.unpause(.account("a"))
        try await ledger.unpark(account: "b")
        #expect(try await ledger.holds().count == 1)
        try await ledger.unpark(account: "a")
        #expect(try await ledger.holds().isEmpty)
    }

    @Test("A later hold of the same scope replaces the earlier one, also by a shorter or an endless one")
    func replaced() async throws {
        let ledger = try await open()
        let moments: [LedgerInstant?] = [time.now + .seconds(60), time.now + .seconds(5), nil, time.now + .seconds(9)]
        for moment in moments {
            time.advance(.milliseconds(1))
            try await ledger.pause(.folder("f"), until: moment, reason: .test)
            let hold = try #require(try await ledger.holds().first)
            #expect(hold.until == moment && hold.since == time.now)
        }
        #expect(try await ledger.holds().count == 1)
    }

    @Test("Jobs that wait while everything is paused keep their turn, and lose no attempt")
    func waiting() async throws {
        var ledger = try await open()
        _ = try await ledger.enqueue((0..<3).map { .sample("job \($0)") })
        try await ledger.pause(.all, until: time.now + .seconds(86_400), reason: .test)
        for _ in 0..<3 {
            time.advance(.seconds(3600))
            #expect(try await ledger.claim(ClaimRequest(limit: 9)).isEmpty)
            ledger = try await restart(ledger)
        }
        try await ledger.unpause(.all)
        let claims = try await ledger.claim(ClaimRequest(limit: 9))
        #expect(claims.map(\.job.name) == ["job 0", "job 1", "job 2"])
        #expect(claims.allSatisfy { $0.job.attempt == 1 && $0.job.fence == 1 })
    }

    @Test("A worker may finish what it has although its folder was paused meanwhile")
    func running() async throws {
        let ledger = try await open()
        _ = try await ledger.enqueue([.sample("a")])
        let claim = try await ledger.claim(ClaimRequest())[0]
        try await ledger.pause(.folder("in"), until: nil, reason: .test)
        let lease = try await ledger.renew(claim.lease, for: .seconds(60))
        #expect(try await ledger.recordOutcome(.advanced(to: .upload), under: lease).job.state == .waiting)
        #expect(try await ledger.claim(ClaimRequest()).isEmpty)
    }

    @Test("A paused job keeps its pause over a restart, and ends it by itself at its time")
    func pausedJob() async throws {
        var ledger = try await open()
        let jobs = try await ledger.enqueue((0..<2).map { .sample("job \($0)") }).map(\.job.id)
        try await ledger.resolve([jobs[0]], .pause(until: time.now + .seconds(60)))
        try await ledger.resolve([jobs[1]], .pause(until: nil))
        ledger = try await restart(ledger)
        time.advance(.milliseconds(59_999))
        #expect(try await ledger.claim(ClaimRequest(limit: 9)).isEmpty)
        time.advance(.milliseconds(1))
        #expect(try await ledger.claim(ClaimRequest(limit: 9)).map(\.job.id) == [jobs[0]])
        #expect(try await ledger.history(of: jobs[0]).map(\.verb) == ["enqueue", "pause", "unpause", "claim"])
        #expect(try await ledger.job(jobs[1]).state == .paused)
    }
}
