// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import Foundation
    import Glibc
    import SnugLedger
    import SnugSimulator
    import SnugTestSupport
    import Testing

    /// A fleet whose parts fail one after the other. `SNUG_CAMPAIGN_FLEET` is the number of faults, `SNUG_CAMPAIGN_SEED` makes
    /// another campaign, `SNUG_CAMPAIGN_FOLDER=1` takes a folder for the bytes instead of a bucket.
    @Suite("A fleet that fails", .serialized, .enabled("there is no PostgreSQL here") { PostgresServer.isAvailable })
    struct FleetCampaignTests {
        private enum Fault: Equatable {
            /// Some are killed with -9.
            case kill
            /// Some are stopped, and others cut off from the database, for longer than their leases.
            case absence
            /// The database is killed with -9, or ends in order, and comes back.
            case databaseKill, databaseRestart
            /// The storage answers 503, cuts connections, or is away.
            case storage(Int)
            case none

            static let all: [Fault] = [
                .kill, .storage(0), .absence, .databaseKill, .storage(1), .databaseRestart, .storage(2), .none,
            ]
            /// Those of the shortest campaign: each kind of them.
            static let first = 6
        }

        private static func number(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment["SNUG_CAMPAIGN_\(name)"].flatMap { Int($0) }
        }

        @Test(
            "Processes killed, paused and cut off, the database killed and restarted, S3 answering 503 and cutting: nothing is lost, and nothing paid for twice",
            .timeLimit(.minutes(60)))
        func campaign() async throws {
            let count = Self.number("FLEET") ?? Fault.first
            var random = SeededGenerator(seed: UInt64(Self.number("SEED") ?? 1))
            try await Simulator.with(Simulator.Configuration()) { simulator in
                let fleet = try await FleetCampaign(simulator, usesFolder: Self.number("FOLDER") == 1)
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
                    let faults = Fault.all
                    let fault = index < faults.count ? faults[index] : faults.randomElement(using: &random) ?? .none
                    try await Self.cause(fault, fleet, &random)
                    try await fleet.restart()
                }
                try await fleet.finish()
                let books = try await fleet.check(simulator)
                for fault in fleet.storage.faults.prefix(count >= Fault.first ? 2 : 0) {
                    #expect(fleet.storage.counts?[fault] != 0, "\(fault) fell on nobody")
                }
                print(
                    "fleet: \(count) faults, \(fleet.droppedCount) files, \(books.count(.delivered)) delivered, "
                        + "\(books.count(.held)) held, \(simulator.ledger.charges.count) charges, "
                        + "\(simulator.ledger.duplicates.count) twice, faults of the storage \(fleet.storage.counts ?? [:])"
                )
            }
        }

        private static func cause(
            _ fault: Fault, _ fleet: FleetCampaign, _ random: inout SeededGenerator
        ) async throws {
            let names = FleetCampaign.all.shuffled(using: &random)
            let moment = Duration.milliseconds(Int.random(in: 100...3000, using: &random))
            switch fault {
            case .kill:
                for name in names.prefix(2) {
                    fleet.signal(name, SIGKILL)
                    _ = try await fleet.end(name)
                }
            case .absence:
                let gate = [GatedRelay.Gate.silent, .silent, .closed].randomElement(using: &random) ?? .silent
                for name in names.prefix(2) { fleet.signal(name, SIGSTOP) }
                for name in names.dropFirst(2).prefix(2) { fleet.setWay(of: name, gate) }
                // Beyond the lease, and the time that others wait after it.
                try await Task.sleep(for: .seconds(6))
                for name in names.prefix(2) { fleet.signal(name, SIGCONT) }
                for name in names.dropFirst(2).prefix(2) { fleet.setWay(of: name, .open) }
            case .databaseKill, .databaseRestart:
                if fault == .databaseKill { fleet.database.stop() } else { try await fleet.database.shutDown() }
                try await Task.sleep(for: moment)
                try fleet.database.restart()
                try await fleet.database.waitUntilListening()
            case .storage(let index):
                let faults = fleet.storage.faults
                try await fleet.storage.fail(faults[index % faults.count], for: moment)
            case .none: break
            }
        }
    }
#endif
