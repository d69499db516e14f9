// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Images that programs hand to one host of several.
@Suite(.serialized) struct FleetSubmissionTests {
    @Test("An image handed to one host is fitted by a worker, and its result can be had from any host")
    func anyHost() async throws {
        let fleet = try await FleetFixture()
        let (taking, other) = (try await fleet.host("a"), try await fleet.host("b"))
        try await fleet.whileRunning([taking, try await fleet.worker()]) {
            try await fleet.waitUntil("the start") { try await taking.status().phase == .running }
            let submission = Submission(
                name: "a.jpg", content: .bytes(WatchImages.small(1)), limits: Limits(), policy: FitPolicy(),
                hasTarget: false)
            let id = try #require(try await taking.submit([submission]).first).job.id
            try await fleet.waitUntil("the end") { try await fleet.ledger.job(id).state == .delivered }
            let job = try await fleet.ledger.job(id)
            #expect(job.folder == "http@a")
            func results(_ daemon: Daemon) -> JobResults {
                JobResults(
                    fleet.ledger, stateDirectory: daemon.stateDirectory, threads: BlockingThreads(count: 1),
                    role: daemon.role, storage: daemon.storage)
            }
            let own = try await results(taking).files(of: job)
            #expect(own.count == 1 && own[0].starts(with: taking.stateDirectory))
            // Twice: the second time it is there already.
            for _ in 0..<2 {
                let fetched = try await results(other).files(of: job)
                #expect(fetched.count == 1 && fetched[0].starts(with: other.stateDirectory))
                #expect(try FileDescriptor.contents(of: fetched[0]) == FileDescriptor.contents(of: own[0]))
            }
            #expect(fleet.storage.fetchedCount == 3)
            // One that the storage has lost is gone there, and still here.
            try await fleet.storage.remove(try #require(JobPayload(text: job.payload).outputs?.first).digest)
            let third = try await fleet.host("c")
            #expect(try await results(third).files(of: job) == [])
            #expect(try await results(taking).files(of: job) == own)
            fleet.storage.fail(with: StorageError(.unavailable, "away"))
            await #expect(throws: StorageError.self) { _ = try await results(third).files(of: job) }
        }
        fleet.storage.fail(with: nil)
        try await fleet.check(hosts: ["a", "worker"])
    }
}
