// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these: hosts that share a ledger have files of their own.
@Suite("Handing work out to hosts with folders of their own") struct ReachConformanceTests {
    /// A host that delivers into its folders; other steps are anybody's.
    private static func host(_ folders: Set<String>, bound: Set<JobStep> = [.deliver]) -> ClaimReach {
        ClaimReach(boundSteps: bound, folders: folders)
    }

    @Test(
        "A bound step goes to the host of the folder, and the others to anybody", arguments: LedgerFixture.Kind.allCases
    )
    func bound(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let mine = try await fixture.add(.sample("a", folder: "in@a", step: .deliver))
        try await fixture.add(.sample("b", folder: "in@b", step: .deliver))
        let fit = try await fixture.add(.sample("c", folder: "in@b", step: .fit))
        let request = ClaimRequest(limit: 9, reach: Self.host(["in@a", "more@a"]))
        #expect(try await Set(fixture.store.claim(request).map(\.job.id)) == [mine.id, fit.id])
        #expect(try await fixture.store.claim(ClaimRequest(limit: 9, reach: Self.host([]))).isEmpty)
        // Who is not confined has them all.
        #expect(try await fixture.store.claim(ClaimRequest(limit: 9)).map(\.job.name) == ["b"])
    }

    @Test("Where every step is bound, a host has its own work only", arguments: LedgerFixture.Kind.allCases)
    func everyStep(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for (number, step) in JobStep.allCases.enumerated() {
            try await fixture.add(.sample("a\(number)", folder: "in@a", step: step))
            try await fixture.add(.sample("b\(number)", folder: "in@b", step: step))
        }
        let reach = Self.host(["in@b"], bound: Set(JobStep.allCases))
        let claimed = try await fixture.store.claim(ClaimRequest(limit: 99, reach: reach))
        #expect(claimed.count == JobStep.allCases.count && claimed.allSatisfy { $0.job.folder == "in@b" })
    }

    @Test(
        "Equal work of two hosts is one job; each delivers its own name, in any order",
        arguments: LedgerFixture.Kind.allCases, [true, false])
    func joined(kind: LedgerFixture.Kind, ownerFirst: Bool) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("same", folder: "in@a", step: .deliver))
        var second = NewJob.sample("same", folder: "in@b", step: .deliver)
        second.name = "other name"
        #expect(try await fixture.store.enqueue([second]).map(\.isNew) == [false])
        let hosts = ownerFirst ? ["in@a", "in@b"] : ["in@b", "in@a"]
        for (number, folder) in hosts.enumerated() {
            #expect(try await fixture.store.claim(ClaimRequest(reach: Self.host(["in@c"]))).isEmpty)
            let claim = try #require(try await fixture.store.claim(ClaimRequest(reach: Self.host([folder]))).first)
            #expect(claim.job.id == job.id && claim.pendingDeliveries.count == 2 - number)
            let own = claim.pendingDeliveries.filter { $0.folder == folder }
            let recorded = try await fixture.store.recordOutcome(.delivered(own), under: claim.lease)
            #expect(recorded.job.state == (number == 0 ? .waiting : .delivered))
            // Whoever has delivered its name has nothing more to do.
            #expect(try await fixture.store.claim(ClaimRequest(reach: Self.host([folder]))).isEmpty)
        }
        // A name that comes later has its host, although the job is of another's folder.
        var third = second
        third.folder = "in@c"
        _ = try await fixture.store.enqueue([third])
        for (folder, count) in [("in@a", 0), ("in@b", 0), ("in@c", 1)] {
            let claimed = try await fixture.store.claim(ClaimRequest(limit: 5, reach: Self.host([folder])))
            #expect(claimed.count == count, "\(folder)")
        }
        #expect(try await fixture.books().areBalanced)
    }

    @Test("Who lacks an account fits its images and submits none", arguments: LedgerFixture.Kind.allCases)
    func accounts(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for step in [JobStep.fit, .upload, .submit, .reconcile, .collect] {
            for account in ["", "rich", "poor"] {
                try await fixture.add(.sample("\(step) \(account)", account: account, step: step))
            }
        }
        let reach = ClaimReach(boundSteps: [.deliver], folders: [], accounts: ["rich"])
        let names = try await fixture.store.claim(ClaimRequest(limit: 99, reach: reach)).map(\.job.name)
        let expected = JobStep.allCases.flatMap { step in ["", "rich", "poor"].map { (step, $0) } }.filter {
            step, account in
            ![.settle, .deliver].contains(step) && (account != "poor" || [.fit, .upload].contains(step))
        }
        #expect(Set(names) == Set(expected.map { "\($0) \($1)" }))
    }

    @Test("A folder's pause holds its jobs up for every host", arguments: LedgerFixture.Kind.allCases)
    func pauses(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(.sample("same", folder: "in@a", step: .deliver))
        _ = try await fixture.store.enqueue([.sample("same", folder: "in@b", step: .deliver)])
        try await fixture.store.pause(.folder("in@a"), until: nil, reason: .test)
        #expect(try await fixture.store.claim(ClaimRequest(reach: Self.host(["in@b"]))).isEmpty)
        try await fixture.store.unpause(.folder("in@a"))
        #expect(try await fixture.store.claim(ClaimRequest(reach: Self.host(["in@b"]))).count == 1)
    }

    // MARK: Ends

    @Test(
        "A host finds the jobs that ended elsewhere and have a name of its own", arguments: LedgerFixture.Kind.allCases)
    func ended(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let earlier = try await fixture.add(.sample("earlier", folder: "in@a"))
        _ = try await fixture.store.resolve([earlier.id], .cancel)
        fixture.time.advance(.seconds(300))
        var look = try await fixture.store.endedJobs(since: nil, waitingIn: ["in@a"])
        #expect(look.jobs == [] && look.next == fixture.time.now)
        let failed = try await fixture.add(.sample("fails", folder: "in@a"))
        _ = try await fixture.store.enqueue([.sample("fails", folder: "in@b")])
        let cancelled = try await fixture.add(.sample("cancelled", folder: "in@a"))
        let delivered = try await fixture.add(.sample("delivered", folder: "in@a"))
        for claim in try await fixture.other.claim(ClaimRequest(limit: 3)) {
            if claim.job.id == failed.id {
                try await fixture.other.recordOutcome(.failed(.test), under: claim.lease)
            } else if claim.job.id == delivered.id {
                try await fixture.other.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
            } else {
                try await fixture.other.release(claim.lease)
            }
        }
        _ = try await fixture.other.resolve([cancelled.id], .cancel)
        for (folders, found) in [
            (["in@a"], [failed.id, cancelled.id]), (["in@b"], [failed.id]), (["in@c", "in@b"], [failed.id]),
            (["x"], []),
            ([], []),
        ] as [(Set<String>, [JobID])] {
            let jobs = try await fixture.store.endedJobs(since: look.next, waitingIn: folders).jobs
            #expect(Set(jobs.map(\.id)) == Set(found), "\(folders)")
        }
        // Some looks later it is past.
        look = try await fixture.store.endedJobs(since: look.next, waitingIn: ["in@a"])
        fixture.time.advance(.seconds(120))
        look = try await fixture.store.endedJobs(since: look.next, waitingIn: ["in@a"])
        #expect(try await fixture.store.endedJobs(since: look.next, waitingIn: ["in@a"]).jobs == [])
    }
}
