// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Daemons that are ended with SIGKILL, and what those after them make of it.
///
/// `SNUG_CAMPAIGN_DAEMON_KILLS` and `SNUG_CAMPAIGN_SEED` make the campaign longer, and another one.
@Suite("Daemons that are killed", .serialized) struct DaemonKillTests {
    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment["SNUG_CAMPAIGN_\(name)"].flatMap { Int($0) }
    }

    @Test(
        "A kill at any point around any write or request loses nothing, and pays for nothing twice",
        arguments: DaemonPoint.allCases)
    func everyPoint(point: DaemonPoint) async throws {
        // Two at a time, which share nothing: most of the time they wait for disks, settling files and retries.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in [1, 3] {
                group.addTask {
                    try await Simulator.with(Simulator.Configuration()) { simulator in
                        try await Self.kill(at: point, number, simulator)
                    }
                }
            }
            for try await _ in group {}
        }
    }

    /// Kills a daemon when it gets to a point for the n-th time, and looks at what the next one makes of it.
    private static func kill(at point: DaemonPoint, _ number: Int, _ simulator: Simulator) async throws {
        let campaign = try DaemonCampaign(simulator)
        for (index, name) in DaemonCampaign.names.enumerated() {
            try campaign.drop(index + 1, into: name)
        }
        try campaign.drop(1, into: "fit", as: "again.png")
        let process = try campaign.start("once=1", "die=\(point):\(number)")
        let code = try await onThread { process.wait() }
        #expect(code == 137 || code == 0)
        if code != 0 { try await campaign.finish() }
        let books = try await campaign.check("\(point) \(number)")
        #expect(books.count(.delivered) + books.count(.held) == books.seen, "\(point) \(number)")
    }

    @Test("Kills at random moments, with a provider that answers late, wrongly and not at all")
    func campaign() async throws { try await Self.campaign(Self.number("DAEMON_KILLS") ?? 12, ledger: nil) }

    #if Postgres
        @Test(
            "Kills at random moments lose nothing and pay for nothing twice on a ledger in PostgreSQL",
            .enabled("there is no PostgreSQL here") { PostgresServer.isAvailable })
        func postgresCampaign() async throws {
            let service = try await PostgresServer.address(database: PostgresServer.newDatabase())
            try await Self.campaign(Self.number("DAEMON_KILLS") ?? 5, ledger: service)
        }
    #endif

    /// Kills daemons over folders that get more files all the time, and looks at what is left in the end.
    private static func campaign(_ kills: Int, ledger: String?) async throws {
        var random = SeededGenerator(seed: UInt64(Self.number("SEED") ?? 1))
        try await withSimulator { simulator in
            let campaign = try DaemonCampaign(simulator, ledger: ledger)
            var image = 0
            for kill in 0..<kills {
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    image += 1
                    let name = DaemonCampaign.names.randomElement(using: &random) ?? "fit"
                    try campaign.drop(image, into: name)
                }
                if Bool.random(using: &random) { simulator.script(Self.rule(&random)) }
                var options: [String] = []
                if Bool.random(using: &random), let point = DaemonPoint.allCases.randomElement(using: &random) {
                    options = ["die=\(point):\(Int.random(in: 1...4, using: &random))"]
                }
                let process = try campaign.start(options.first ?? "run=1")
                let patience = Int.random(in: 20...1500, using: &random)
                for _ in 0..<(patience / 20) where process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
                process.signal(SIGKILL)
                let code = try await onThread { process.wait() }
                #expect(code == 137, "kill \(kill)")
            }
            simulator.clearScript()
            try await campaign.finish()
            let books = try await campaign.check()
            #expect(books.seen == image)
            print(
                "campaign\(ledger == nil ? "" : " on PostgreSQL"): \(kills) kills, \(image) files, \(books.count(.delivered)) delivered, "
                    + "\(books.count(.held)) held, \(books.count(.failed)) failed, "
                    + "\(simulator.ledger.charges.count) charges, \(simulator.ledger.duplicates.count) twice")
        }
    }

    /// Trouble for one of the next submissions.
    private static func rule(_ random: inout SeededGenerator) -> Rule {
        let faults = [
            Fault(request: .closeAfterBody, takesEffect: true), Fault(request: .closeAfterBody),
            Fault(delay: 400), Fault(answer: .status(code: 500)), Fault(answer: .html(status: 502), takesEffect: true),
            Fault(answer: .truncatedJSON(status: 200), takesEffect: true), Fault(job: JobPlan(image: .truncated)),
            Fault(delivery: .closeAfter(bytes: 60)), Fault(answer: .status(code: 503)),
            Fault(job: JobPlan(duration: 500)),
        ]
        let service = Bool.random(using: &random) ? ServiceName.pollinations : .openai
        return Rule(faults.randomElement(using: &random) ?? Fault(), service: service, method: "POST")
    }
}
