// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugLedger
    import SnugTestSupport
    import SystemPackage
    import Testing

    /// Commands on a ledger that a PostgreSQL service keeps.
    @Suite(.enabled("there is no PostgreSQL here") { PostgresServer.isAvailable }) struct LedgerCommandTests {
        private let place: CommandFolder

        init() throws { place = try CommandFolder() }

        /// A new database's address without a password, and a runner that has the password in its environment.
        private func database() async throws -> (address: String, runner: CommandRunner) {
            let name = try await PostgresServer.newDatabase()
            var runner = place.runner
            runner.environment["PGPASSWORD"] = PostgresServer.password
            return (try await PostgresServer.address(database: name, withPassword: false), runner)
        }

        @Test("A ledger is copied to a service, worked on by every command there, and copied back")
        func commands() async throws {
            let (address, runner) = try await database()
            let ledger = try await SQLiteLedger.open(place.folder.path.appending("state/ledger.sqlite"))
            let new = NewJob(JobIdentity(contentHash: "h", pipeline: "p"), name: "a.jpg", folder: "in")
            _ = try await ledger.enqueue([new])
            try await ledger.close()
            func run(_ arguments: String...) throws -> CommandResult { try runner.run(arguments) }

            let copied = try run("ledger", "copy", "state/ledger.sqlite", address, "--json")
            #expect(copied.exitCode == 0, "\(copied.standardError)")
            let object = try #require(try CommandFolder.objects(copied).first)
            #expect(object["jobs"] as? Int == 1 && object["status"] as? String == "copied")
            let again = try run("ledger", "copy", "state/ledger.sqlite", address, "--json")
            #expect(again.exitCode == 1 && again.standardOutput.contains("\"code\":\"already_exists\""))

            let listed = try run("jobs", "--ledger", address, "--json")
            #expect(try CommandFolder.objects(listed).map { $0["name"] as? String } == ["a.jpg"])
            #expect(try run("jobs", "cancel", "--waiting", "--ledger", address).exitCode == 0)
            #expect(try run("jobs", "status", "--ledger", address).standardOutput.contains("cancelled"))
            #expect(try run("upload", "--list", "--ledger", address).exitCode == 0)
            let checked = try run("doctor", "--ledger", address, "--json").standardOutput
            #expect(checked.contains("PostgreSQL 1") && checked.contains("whole, and its books balance"))

            #expect(try run("backup", "copy.sqlite", "--ledger", address).exitCode == 0)
            #expect(try run("ledger", "copy", address, "back.sqlite").exitCode == 0)
            for name in ["copy.sqlite", "back.sqlite"] {
                let copy = try await SQLiteLedger.open(place.folder.path.appending(name))
                #expect(try await copy.list(JobFilter()).map(\.state) == [.cancelled], "\(name)")
                try await copy.close()
            }
        }

        @Test("Files dropped into a watched folder are delivered, and their jobs are in the service alone")
        func watch() async throws {
            let (address, runner) = try await database()
            try place.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
            let result = try runner.run(
                ["watch", "in", "-o", "out", "--once", "--settle", "20ms", "--state", "state", "--ledger", address])
            #expect(result.exitCode == 0, "\(result.standardError)")
            #expect(try place.folder.bytes(of: "out/a.jpg") != nil)
            #expect(try place.folder.bytes(of: "state/ledger.sqlite") == nil)
            let listed = try runner.run(["jobs", "--ledger", address, "--json"])
            #expect(try CommandFolder.objects(listed).map { $0["state"] as? String } == ["delivered"])
        }

        @Test("A password in an argument is refused, one in a file or a variable is used, and none is printed")
        func passwords() async throws {
            let name = try await PostgresServer.newDatabase()
            let secret = try await PostgresServer.address(database: name)
            try place.folder.write(Array("\(secret)\n".utf8), to: "address")
            var runner = place.runner
            let refused = try runner.run(["jobs", "--ledger", secret])
            #expect(refused.exitCode == 64 && refused.standardError.contains("PGPASSFILE"))
            let file = try runner.run(["doctor", "--ledger", "@address"])
            #expect(file.standardOutput.contains("PostgreSQL 1"), "\(file)")
            runner.environment["SNUG_LEDGER"] = secret
            let variable = try runner.run(["doctor"])
            #expect(variable.standardOutput.contains("PostgreSQL 1"), "\(variable)")
            let shown = try runner.run(["watch", "in", "-o", "out", "--check-config"])
            #expect(shown.exitCode == 0 && shown.standardOutput.contains("/\(name)"), "\(shown)")
            runner.environment["SNUG_LEDGER"] = nil
            let none = try runner.run(["doctor", "--ledger", try await PostgresServer.address(withPassword: false)])
            #expect(none.exitCode == 1 && none.standardOutput.contains("PGPASSWORD"), "\(none)")
            for result in [refused, file, variable, shown, none] {
                #expect(!(result.standardOutput + result.standardError).contains(PostgresServer.password))
            }
        }
    }
#endif
