// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import Foundation
    import Glibc
    import SnugLedger
    import SnugSimulator
    import SnugTestSupport
    import Testing

    /// A fleet whose parts fail one after the other. `SNUG_CAMPAIGN_FLEET` is the number of faults, `SNUG_CAMPAIGN_SEED` makes
    /// another campaign.
    @Suite("A fleet that fails", .serialized, .enabled("there is no PostgreSQL here") { PostgresServer.isAvailable })
    struct FleetCampaignTests {
        private enum Fault: CaseIterable {
            case kill, pause, database, storage, none
        }

        private static func number(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment["SNUG_CAMPAIGN_\(name)"].flatMap { Int($0) }
        }

        @Test(
            "Processes killed and paused, the database killed, the storage away: nothing is lost, and nothing paid for twice",
            .timeLimit(.minutes(60)))
        func campaign() async throws {
            let count = Self.number("FLEET") ?? 5
            var random = SeededGenerator(seed: UInt64(Self.number("SEED") ?? 1))
            try await Simulator.with(Simulator.Configuration()) { simulator in
                let fleet = try await FleetCampaign(simulator)
                try await fleet.restart()
                var image = 0
                for index in 0..<count {
                    for host in FleetCampaign.hosts {
                        for _ in 0..<Int.random(in: 1...3, using: &random) {
                            image += 1
                            let kind = Int.random(in: 0..<3, using: &random) == 0 ? "paid" : "fit"
                            try fleet.drop(image, on: host, kind)
                        }
                        // The same file on another host, now and then.
                        if Int.random(in: 0..<4, using: &random) == 0 {
                            try fleet.drop(image, on: host == "a" ? "b" : "a", "fit")
                        }
                    }
                    try await Task.sleep(for: .milliseconds(Int.random(in: 100...1500, using: &random)))
                    // Each kind comes in the shortest campaign.
                    let faults = Fault.allCases
                    let fault = index < faults.count ? faults[index] : faults.randomElement(using: &random) ?? .none
                    try await Self.cause(fault, fleet, &random)
                    try await fleet.restart()
                }
                try await fleet.finish()
                let books = try await fleet.check(simulator)
                print(
                    "fleet: \(count) faults, \(fleet.droppedCount) files, \(books.count(.delivered)) delivered, "
                        + "\(books.count(.held)) held, \(simulator.ledger.charges.count) charges, "
                        + "\(simulator.ledger.duplicates.count) twice")
            }
        }

        private static func cause(
            _ fault: Fault, _ fleet: FleetCampaign, _ random: inout SeededGenerator
        ) async throws {
            let names = FleetCampaign.all.shuffled(using: &random).prefix(2)
            switch fault {
            case .kill:
                for name in names {
                    fleet.signal(name, SIGKILL)
                    _ = try await fleet.end(name)
                }
            case .pause:
                // Beyond the lease, and the time that others wait after it.
                for name in names { fleet.signal(name, SIGSTOP) }
                try await Task.sleep(for: .seconds(6))
                for name in names { fleet.signal(name, SIGCONT) }
            case .database:
                fleet.database.stop()
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...3000, using: &random)))
                try fleet.database.restart()
                try await fleet.database.waitUntilListening()
            case .storage:
                try fleet.setStorage(isThere: false)
                try await Task.sleep(for: .milliseconds(Int.random(in: 500...3000, using: &random)))
                try fleet.setStorage(isThere: true)
            case .none: break
            }
        }
    }
#endif
