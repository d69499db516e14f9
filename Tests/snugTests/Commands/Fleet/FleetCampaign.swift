// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import Foundation
    import SnugLedger
    import SnugSimulator
    import SnugSystem
    import SnugTestSupport
    import Synchronization
    import SystemPackage
    import Testing

    /// Two hosts with folders and three workers, as processes of the built program, with a service for the ledger, each with
    /// its own way to it, and a storage for the bytes.
    final class FleetCampaign: Sendable {
        static let hosts = ["a", "b"]
        static let workers = ["w1", "w2", "w3"]
        static var all: [String] { hosts + workers }

        let folder: TemporaryFolder
        let database: RealServer
        let storage: FleetStorage
        /// The ways of the processes to the database.
        private let ways: [String: GatedRelay]
        private let runner: CommandRunner
        private let processes = Mutex<[String: ChildProcess]>([:])
        /// Files dropped so far: host, folder, name.
        private let dropped = Mutex<[(host: String, kind: String, name: String)]>([])

        init(_ simulator: Simulator, usesFolder: Bool) async throws {
            folder = try TemporaryFolder()
            database = try await PostgresServer.startNew()
            storage = try await FleetStorage(in: folder, usesFolder: usesFolder)
            var ways: [String: GatedRelay] = [:]
            for name in Self.all { ways[name] = try GatedRelay(to: database.port) }
            self.ways = ways
            var runner = try CommandRunner(folder: folder.path)
            runner.environment["PGPASSWORD"] = PostgresServer.password
            runner.environment["FLEET_KEY_ID"] = "test"
            self.runner = runner
            // An account without balance is charged nothing.
            simulator.setBalance(1_000_000, account: "paid", service: .pollinations)
            try folder.write(Array("sk_paid".utf8), to: "key")
            try folder.write(Array("testtest".utf8), to: "storage-key")
            for name in Self.all { try configure(name, simulator) }
        }

        private func configure(_ name: String, _ simulator: Simulator) throws {
            let address = PostgresServer.address(port: ways[name]?.port ?? 0, "postgres", false)
            let common = """
                ledger: \(address)
                \(storage.settings)
                isolate: false
                workers: {fits: 1}
                drain_time: 2s
                accounts:
                  main: {provider: pollinations, base_url: "\(simulator.addresses.base[.pollinations] ?? "")", key_file: key}

                """
            let isHost = Self.hosts.contains(name)
            var text = common + (isHost ? "host: \(name)\nfolders:\n" : "")
            for kind in isHost ? ["fit", "paid"] : [] {
                try folder.write([], to: "\(name)/in/\(kind)/.keep")
                text += """
                      \(kind):
                        inbox: \(name)/in/\(kind)
                        outbox: \(name)/out/\(kind)
                        done: \(name)/done/\(kind)
                        failed: \(name)/failed/\(kind)
                        settle: 30ms
                        fit: {limit: 4000}

                    """
                if kind == "paid" { text += "    generate: {account: main, prompt: a lighthouse}\n" }
            }
            try folder.write(Array(text.utf8), to: "\(name).yaml")
        }

        /// Cuts a process off from the database, or connects it again.
        func setWay(of name: String, _ gate: GatedRelay.Gate) { ways[name]?.set(gate) }

        // MARK: Processes

        func start(_ name: String) throws {
            let isHost = Self.hosts.contains(name)
            let arguments =
                [
                    isHost ? "watch" : "work", "--config", "\(name).yaml", "--state", "\(name)/state", "--lease", "2s",
                    "--log-format", "text",
                ]
            let process = try ChildProcess(
                [runner.program.string] + arguments, environment: runner.environment, folder: folder.path,
                errors: folder.path.appending("\(name).log"))
            processes.withLock { $0[name] = process }
        }

        func signal(_ name: String, _ number: Int32) { processes.withLock { $0[name] }?.signal(number) }

        func isRunning(_ name: String) -> Bool { processes.withLock { $0[name] }?.isRunning ?? false }

        /// Waits for the end of a process.
        func end(_ name: String) async throws -> Int32 {
            guard let process = processes.withLock({ $0.removeValue(forKey: name) }) else { return 0 }
            return try await onThread { process.wait() }
        }

        /// Starts those that are not running: a supervisor does the same.
        func restart() async throws {
            for name in Self.all where !isRunning(name) {
                _ = try await end(name)
                try start(name)
            }
        }

        // MARK: Files

        func drop(_ number: Int, on host: String, _ kind: String) throws {
            var builder = PNGBuilder(width: 24 + number % 64, height: 24 + number / 64 % 64)
            builder.fill = UInt8(truncatingIfNeeded: number)
            let name = "image \(number)\(kind == "fit" ? "" : " paid").png"
            try folder.write(builder.bytes, to: "\(host)/in/\(kind)/\(name)")
            dropped.withLock { $0.append((host, kind, name)) }
        }

        var droppedCount: Int { dropped.withLock { $0.count } }

        // MARK: The end

        func ledger() async throws -> PostgresLedger {
            try await PostgresLedger.open(PostgresAddress(PostgresServer.address(port: database.port)))
        }

        /// Waits until nothing is left to do, and stops all.
        func finish() async throws {
            let ledger = try await ledger()
            let start = ContinuousClock.now
            while true {
                try await restart()
                let books = try await ledger.books().values.reduce(LedgerBooks(), +)
                let left = Self.hosts.flatMap { host in
                    folder.files().filter { $0.hasPrefix("\(host)/in/") && $0.hasSuffix(".png") }
                }
                if books.waiting == 0, left.isEmpty { break }
                guard ContinuousClock.now - start < .seconds(180) else {
                    let jobs = try await ledger.list(JobFilter(limit: 1000)).filter {
                        $0.state == .waiting || $0.state == .running
                    }
                    Issue.record(
                        "not done: \(left) \(jobs.map { "\($0.name) \($0.folder) \($0.state) \($0.step) \($0.reason?.message ?? "")" })"
                    )
                    break
                }
                try await Task.sleep(for: .milliseconds(200))
            }
            // A source is put away after its job is over.
            for _ in 0..<100
            where folder.files().contains(where: { $0.contains("/state/work/") && $0.hasSuffix(".png") }) {
                try await Task.sleep(for: .milliseconds(100))
            }
            try await ledger.close()
            for name in Self.all {
                signal(name, 15)
                let code = try await end(name)
                // One that was just started again, and waits for its predecessor to be noticed as gone, stops at once.
                #expect(code == 0 || code == 130, "\(name)")
            }
        }

        /// Every file has one end, nothing was paid for twice, and nothing is half done or left behind.
        func check(_ simulator: Simulator) async throws -> LedgerBooks {
            let ledger = try await ledger()
            try await ledger.checkIntegrity()
            let books = try await ledger.books()
            for (name, books) in books { #expect(books.areBalanced && books.waiting == 0, "\(name) \(books)") }
            let jobs = try await ledger.list(JobFilter(limit: 100_000))
            var owners: [String: Job] = [:]
            for job in jobs {
                for delivery in try await ledger.deliveries(of: job.id) {
                    owners["\(delivery.folder)/\(delivery.name)"] = job
                }
            }
            let files = Set(folder.files())
            for (host, kind, name) in dropped.withLock({ $0 }) {
                let job = owners["\(kind)@\(host)/\(name)"]
                let stem = String(name.dropLast(4))
                let results = files.filter { $0.hasPrefix("\(host)/out/\(kind)/\(stem).") }
                let comment: Comment =
                    "\(host)/\(kind)/\(name): \(job.map { "\($0.state) \($0.reason?.message ?? "")" } ?? "lost")"
                switch job?.state {
                case .delivered:
                    #expect(
                        results.count == 1 && files.contains("\(host)/done/\(kind)/\(name)"), "\(results) \(comment)")
                // Somebody has to look whether it was paid for, or why a process ended twice.
                case .held: #expect(results.isEmpty && job?.reason != nil, comment)
                default: Issue.record(comment)
                }
            }
            let charges = simulator.ledger.charges.count
            let paid = jobs.filter { $0.folder.hasPrefix("paid@") }
            let delivered = paid.count { $0.state == .delivered }
            #expect(
                charges >= delivered && charges <= paid.count, "\(charges) charges for \(delivered) of \(paid.count)")
            #expect(simulator.ledger.duplicates.isEmpty)
            for name in Self.all {
                #expect(files.filter { $0.hasPrefix("\(name)/") && $0.contains("/claim-") } == [], "\(name)")
            }
            try await ledger.close()
            return books.values.reduce(LedgerBooks(), +)
        }
    }
#endif
