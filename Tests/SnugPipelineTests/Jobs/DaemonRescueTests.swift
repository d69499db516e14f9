// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Processes that end with a job in their hands, and what the next one does with it.
@Suite(.serialized) struct DaemonRescueTests {
    /// Runs a daemon that is to end at a point.
    private func die(_ campaign: DaemonCampaign, at point: DaemonPoint, _ options: String...) async throws {
        let process = try campaign.start("once=1", "die=\(point):1", options.first ?? "run=1")
        #expect(try await onThread { process.wait() } == 137)
    }

    private func look<Result: Sendable>(
        _ campaign: DaemonCampaign, _ body: (SQLiteLedger) async throws -> Result
    ) async throws -> Result {
        let ledger = try await SQLiteLedger.open(campaign.folder.path.appending("state/ledger.sqlite"))
        let result = try await body(ledger)
        try await ledger.close()
        return result
    }

    @Test("Poison pill: work that ends its process twice is quarantined, and stops no other file")
    func quarantine() async throws {
        try await withSimulator { simulator in
            let campaign = try DaemonCampaign(simulator)
            try campaign.drop(1, into: "fit")
            for _ in 0..<2 { try await die(campaign, at: .begun, "crashes=2") }
            try campaign.drop(2, into: "fit")
            let process = try campaign.start("once=1", "crashes=2")
            #expect(try await onThread { process.wait() } == 0)
            let jobs = try await look(campaign) { try await $0.list(JobFilter()) }
            let held = try #require(jobs.first { $0.name == "image 1.png" })
            #expect(held.state == .held && held.reason?.code == JobReason.quarantined)
            #expect(jobs.first { $0.name == "image 2.png" }?.state == .delivered)
            // A person who has mended the cause tries it again.
            try await look(campaign) { _ = try await $0.resolve([held.id], .retry) }
            try await campaign.finish()
            let books = try await campaign.check()
            #expect(books.count(.delivered) == 2)
        }
    }

    @Test("Work that was merely claimed when its process ended is not blamed, however often that happens")
    func merelyClaimed() async throws {
        try await withSimulator { simulator in
            let campaign = try DaemonCampaign(simulator)
            for number in 1...6 { try campaign.drop(number, into: "fit") }
            for _ in 0..<3 { try await die(campaign, at: .claimed, "crashes=1") }
            let process = try campaign.start("once=1", "crashes=1")
            #expect(try await onThread { process.wait() } == 0)
            #expect(try await campaign.check().count(.delivered) == 6)
        }
    }

    @Test("A file that ends the process is held after two ends, and none of its neighbours is")
    func neighbours() async throws {
        try await withSimulator { simulator in
            let campaign = try DaemonCampaign(simulator)
            for number in 1...12 { try campaign.drop(number, into: "fit") }
            let poison = try campaign.drop(13, into: "fit")
            for number in 14...20 { try campaign.drop(number, into: "fit") }
            var ends = 0
            while ends < 5 {
                let process = try campaign.start("once=1", "crashes=2", "poison=\(poison)")
                if try await onThread({ process.wait() }) == 0 { break }
                ends += 1
            }
            #expect(ends == 2)
            let jobs = try await look(campaign) { try await $0.list(JobFilter()) }
            #expect(jobs.filter { $0.state == .held }.map(\.name) == ["image 13.png"])
            #expect(jobs.count { $0.state == .delivered } == 19)
        }
    }

    @Test("Executing for ever: the job of a process that is gone is taken back at the next start, and done once")
    func rescue() async throws {
        try await withSimulator { simulator in
            let campaign = try DaemonCampaign(simulator)
            try campaign.drop(1, into: "fit")
            try await die(campaign, at: .worked)
            try await campaign.finish()
            let (job, verbs) = try await look(campaign) { ledger in
                let job = try #require(try await ledger.list(JobFilter()).first)
                return (job, try await ledger.history(of: job.id).map(\.verb))
            }
            #expect(job.state == .delivered && job.crashes == 0)
            #expect(verbs.filter { $0 == "claim" }.count == 2, "\(verbs)")
            _ = try await campaign.check()
        }
    }

    @Test(
        "Rescue sends stale work: a submission that was under way is asked about or held, and never sent again",
        arguments: ["pollinations", "openai"])
    func submissionUnderWay(provider: String) async throws {
        try await withSimulator { simulator in
            let campaign = try DaemonCampaign(simulator)
            simulator.clearRecords()
            try campaign.drop(1, into: provider)
            try await die(campaign, at: .submitting)
            try await campaign.finish()
            let job = try await look(campaign) { try await $0.list(JobFilter()).first }
            let service: ServiceName = provider == "openai" ? .openai : .pollinations
            let charges = simulator.ledger.charges.count { $0.service == service }
            switch job?.state {
            case .delivered: #expect(charges == 1)
            case .held: #expect(charges <= 1 && job?.isOutcomeUnknown == true)
            default: Issue.record("\(String(describing: job))")
            }
            #expect(simulator.ledger.duplicates.isEmpty)
            _ = try await campaign.check()
        }
    }
}
