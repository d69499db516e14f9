// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugImage
    import SnugLedger
    import SnugTestSupport
    import SystemPackage
    import Testing

    /// `snug work`, and the hosts that it works for.
    @Suite(.enabled("there is no PostgreSQL here") { PostgresServer.isAvailable }) struct WorkCommandTests {
        private let place: CommandFolder

        init() throws {
            place = try CommandFolder()
            try place.folder.write([], to: "shared/.keep")
        }

        private func database() async throws -> (address: String, runner: CommandRunner) {
            let name = try await PostgresServer.newDatabase()
            var runner = place.runner
            runner.environment["PGPASSWORD"] = PostgresServer.password
            return (try await PostgresServer.address(database: name, withPassword: false), runner)
        }

        private var storage: String { "file://\(place.folder.path)/shared" }

        @Test("It needs a ledger that hosts share, a storage and steps that there are")
        func usage() throws {
            for (arguments, text) in [
                (["--ledger", "postgres://h/d"], "--storage"), (["--storage", storage], "--ledger"), ([], "--ledger"),
                (["--steps", "fit,paint"], "'paint' is no step"), (["--storage", "ftp://h"], "file:///PATH"),
            ] {
                let result = try place.runner.run(["work"] + arguments)
                #expect(result.exitCode == 64 && result.standardError.contains(text), "\(arguments): \(result)")
            }
            let missing = ["work", "--ledger", "postgres://127.0.0.1:1/d", "--storage", storage]
            #expect(try place.runner.run(missing).exitCode == 1)
            let watch = try place.runner.run(["watch", "in", "-o", "out", "--once", "--storage", storage])
            #expect(watch.exitCode == 64 && watch.standardError.contains("share a ledger"), "\(watch)")
        }

        @Test("An option that is called like its setting is named once")
        func namedOnce() throws {
            let result = try place.runner.run(["watch", "in", "-o", "out", "--storage", "/mnt/x"])
            #expect(result.standardError.hasPrefix("Error: --storage: '/mnt/x' is no address"), "\(result)")
        }

        @Test("A host stores its files, a worker fits them and ends when nothing is due, and the host delivers")
        func handsOver() async throws {
            let (address, runner) = try await database()
            let shared = ["--ledger", address, "--storage", storage]
            for number in 1...3 {
                var builder = JPEGBuilder(width: 16 + number, height: 16)
                builder.segments = [JPEGBuilder.segment(0xFE, Array("number \(number)".utf8))]
                try place.folder.write(builder.bytes, to: "in/\(number).jpg")
            }
            let idle = try runner.run(["work", "--once", "--json"] + shared)
            #expect(idle.exitCode == 0 && idle.standardOutput.contains("\"delivered\":0"), "\(idle)")
            // Its work is all done by the host alone: nobody else is there.
            let watch = ["watch", "in", "-o", "out", "--settle", "20ms", "--once", "--state", "state", "--host", "web"]
            let first = try runner.run(watch + shared)
            #expect(first.exitCode == 0, "\(first)")
            #expect(place.folder.files().filter { $0.hasPrefix("out/") }.count == 3)
            let listed = try runner.run(["jobs", "--ledger", address, "--json"])
            let folders = try CommandFolder.objects(listed).map { $0["folder"] as? String }
            #expect(folders == ["in@web", "in@web", "in@web"], "\(listed)")
            let hosts = try CommandFolder.objects(try runner.run(["jobs", "hosts", "--ledger", address, "--json"]))
            #expect(Set(hosts.map { $0["role"] as? String }) == ["watch", "work"], "\(hosts)")
            #expect(hosts.allSatisfy { $0["state"] as? String == "stopped" && $0["jobs"] as? Int == 0 })
            let table = try runner.run(["jobs", "hosts", "--ledger", address])
            #expect(
                table.standardOutput.contains("stopped  web") && table.standardOutput.contains("in@web"), "\(table)")
            let checks = try runner.run(["doctor", "--ledger", address, "--state", "state", "--json"])
            #expect(checks.standardOutput.contains("\"check\":\"hosts\""), "\(checks)")
            let books = try runner.run(["work", "--once", "--json"] + shared)
            #expect(books.exitCode == 0 && books.standardOutput.contains("in@web"), "\(books)")
        }

        @Test("A job of a host that is gone says which one it waits for, in the list and by itself")
        func waits() async throws {
            let (address, runner) = try await database()
            let shared = ["--ledger", address, "--storage", storage]
            try place.folder.write(JPEGBuilder(width: 20, height: 16).bytes, to: "in/a.jpg")
            let watch = ["watch", "in", "-o", "out", "--settle", "20ms", "--once", "--state", "state", "--host", "web"]
            let scope = ["--stage", "fit", "--ledger", address]
            // The first command makes the tables.
            #expect(try runner.run(["jobs", "pause"] + scope).exitCode == 0)
            let first = try runner.run(watch + shared)
            #expect(first.exitCode == 0, "\(first)")
            #expect(try runner.run(["jobs", "resume"] + scope).exitCode == 0)
            let listed = try CommandFolder.objects(try runner.run(["jobs", "--ledger", address, "--json"]))
            let reason = try #require(listed.first?["reason"] as? [String: Any], "\(listed)")
            #expect(reason["code"] as? String == "host_absent", "\(listed)")
            let message = reason["message"] as? String ?? ""
            #expect(message.hasPrefix("waits for host web, stopped since "), "\(message)")
            let id = try #require(listed.first?["id"] as? String)
            let shown = try runner.run(["jobs", "show", id, "--ledger", address])
            #expect(shown.standardOutput.contains("waits for host web"), "\(shown)")
            #expect(try runner.run(watch + shared).exitCode == 0)
            #expect(place.folder.files().contains { $0.hasPrefix("out/") })
        }

        @Test("Several workers of one machine have places of their own, and give them back")
        func places() async throws {
            let (address, runner) = try await database()
            let shared = ["--ledger", address, "--storage", storage, "--state", "state"]
            let programs = try (1...2).map { number in
                try ChildProcess(
                    [runner.program.string, "work"] + shared, environment: runner.environment,
                    folder: place.folder.path, errors: place.folder.path.appending("errors\(number)"))
            }
            for number in 1...2 {
                while try place.folder.bytes(of: "state/workers/\(number)/daemon.pid") == nil {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            for program in programs {
                program.signal(15)
                #expect(try await onThread { program.wait() } == 0)
            }
            #expect(try runner.run(["work", "--once"] + shared).exitCode == 0)
            #expect(try place.folder.bytes(of: "state/workers/3/daemon.pid") == nil)
        }

        @Test("Two hosts of one name do not run on one ledger", .timeLimit(.minutes(3)))
        func names() async throws {
            let (address, runner) = try await database()
            func arguments(_ state: String) -> [String] {
                ["watch", state + "-in", "-o", state + "-out", "--state", state, "--ledger", address, "--host", "web"]
            }
            for state in ["a", "b"] { try place.folder.write([], to: state + "-in/.keep") }
            let first = try ChildProcess(
                [runner.program.string] + arguments("a"), environment: runner.environment, folder: place.folder.path,
                errors: place.folder.path.appending("errors"))
            while try place.folder.bytes(of: "a/daemon.pid") == nil { try await Task.sleep(for: .milliseconds(20)) }
            let second = try runner.run(arguments("b"))
            #expect(
                second.exitCode == 1 && second.standardError.contains("give this one a name of its own"), "\(second)")
            first.signal(15)
            #expect(try await onThread { first.wait() } == 0)
        }
    }
#endif
