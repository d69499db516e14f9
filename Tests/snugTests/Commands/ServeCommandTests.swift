// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugServer
import SnugTestSupport
import SystemPackage
import Testing

@testable import snug

/// `snug serve` as a user starts it.
@Suite struct ServeCommandTests {
    var snug: CommandFolder

    init() throws { snug = try CommandFolder() }

    private static func get(_ port: Int, _ path: String, _ fields: String = "") throws -> RawResponse {
        let connection = try RawConnection(port: port)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
        return try connection.readResponse()
    }

    @Test("It fits what is sent, and ends with 0 on SIGTERM and Ctrl-C", arguments: [SIGTERM, SIGINT])
    func serves(number: Int32) throws {
        let result = try snug.serve(signal: number) { port in
            let image = CommandFolder.jpeg(64, 32)
            let connection = try RawConnection(port: port)
            try connection.send(
                Array(
                    "POST /v1/fit?max-side=32 HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(image.count)\r\n\r\n"
                        .utf8) + image)
            let response = try connection.readResponse()
            #expect(response.status == 200)
            #expect(response["snug-output-width"] == "32")
            let plane = try #require(JPEGReference.plane(0, of: response.body))
            #expect((plane.width, plane.height) == (32, 16))
        }
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardOutput == "")
    }

    @Test("A token comes from a file or from the environment, and is in no output")
    func token() throws {
        let token = "0123456789abcdef0123"
        try snug.folder.write(Array("\(token)\n".utf8), to: "token")
        var other = self
        other.snug.runner.environment["SNUG_SERVER_TOKEN"] = token
        for (command, arguments) in [(self, ["--token-file", "token"]), (other, [])] {
            let result = try command.snug.serve("serve", arguments) { port in
                let refused = try Self.get(port, "/metrics")
                #expect(refused.status == 401)
                let allowed = try Self.get(port, "/metrics", "Authorization: Bearer \(token)\r\n")
                #expect(allowed.status == 200)
            }
            #expect(result.exitCode == 0)
            #expect(!result.standardError.contains(token))
        }
    }

    @Test(
        "What would be unsafe or wrong refuses to start, and says what to do",
        arguments: [
            (["--listen", "0.0.0.0:0"], "no token protects it"), (["--listen", "[::]:0"], "no token protects it"),
            (["--token-file", "none"], "cannot be read"), (["--listen", "here"], "is no address to listen on"),
            (["--queue-timeout", "soon"], "is no duration"), (["--lsten", "x"], "--listen"),
            (["--max-body", "0"], "leaves no room"), (["--show-config", "--nonsense"], "Unknown option '--nonsense'"),
            (["--show-config", "--queue", "abc"], "--queue: 'abc' is not a whole number"),
            (["--show-config", "--json", "--queue"], "Missing value"), (["--json"], "Unknown option '--json'"),
        ])
    func refuses(arguments: [String], words: String) throws {
        let result = try snug.runner.run(["serve"] + arguments)
        #expect(result.exitCode == 64)
        #expect(result.standardError.contains(words) && result.standardOutput.isEmpty, "\(result)")
    }

    @Test("A token that is set and empty is refused, from a file as from the environment, and the source is named")
    func emptyToken() throws {
        try snug.folder.write([], to: "token")
        var other = self
        other.snug.runner.environment["SNUG_SERVER_TOKEN"] = ""
        for (command, arguments, source) in [
            (self, ["--token-file", "token"], "token"), (other, [], "SNUG_SERVER_TOKEN"),
        ] {
            let result = try command.snug.runner.run(["serve", "--listen", "127.0.0.1:0"] + arguments)
            #expect(result.exitCode == 64)
            #expect(result.standardError.contains("\(source): the token is not one word"), "\(result.standardError)")
        }
    }

    @Test("The settings in force are objects with --json, whether the command has that option or not")
    func settings() throws {
        for command in ["serve", "fit"] {
            let rows = try CommandFolder.objects(
                try snug.runner.run([command, "--show-config", "--json", "--jobs", "3"]))
            #expect(rows.first { $0["key"] as? String == "\(command).jobs" }?["value"] as? String == "3")
        }
    }

    @Test("An address that is taken ends it with 1, as does a state directory in use")
    func taken() throws {
        let result = try snug.serve { port in
            for state in [["--no-jobs"], ["--state", "other"]] {
                let second = try snug.runner.run(["serve", "--listen", "127.0.0.1:\(port)"] + state)
                #expect(second.exitCode == 1)
                #expect(second.standardError.contains("is the address free"), "\(second.standardError)")
                #expect(!second.standardError.contains("CancellationError"), "\(second.standardError)")
            }
            let third = try snug.runner.run(["serve", "--listen", "127.0.0.1:0"])
            #expect(third.exitCode == 1)
            #expect(third.standardError.contains("runs already"), "\(third.standardError)")
        }
        #expect(result.exitCode == 0)
    }

    @Test("Settings come from the configuration too, and an unknown one is named with the nearest")
    func configuration() throws {
        try snug.folder.write(Array("serve:\n  max-body: 10\n".utf8), to: "good.yaml")
        let result = try snug.serve("serve", ["--config", "good.yaml"]) { port in
            let connection = try RawConnection(port: port)
            try connection.send("POST /v1/fit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n")
            #expect(try connection.readResponse().status == 413)
        }
        #expect(result.exitCode == 0)
        try snug.folder.write(Array("serve:\n  max-bdy: 10\n".utf8), to: "bad.yaml")
        let refused = try snug.snug("serve", "--config", "bad.yaml")
        #expect(refused.exitCode == 64)
        #expect(refused.standardError.contains("max-body"))
    }

    @Test("It runs the folders of the configuration and jobs of requests, and watch serves the same page with --listen")
    func folders() throws {
        let yaml = "folders:\n  in:\n    inbox: in\n    outbox: out\n    settle: 0s\n"
        try snug.folder.write(Array(yaml.utf8), to: "snug.yaml")
        for command in ["serve", "watch"] {
            try snug.folder.write(CommandFolder.jpeg(64, 32), to: "in/\(command).jpg")
            let result = try snug.serve(command, ["--config", "snug.yaml"]) { port in
                let image = CommandFolder.jpeg(32, 64)
                let connection = try RawConnection(port: port)
                let head =
                    "POST /v1/jobs?max-side=16 HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(image.count)\r\n\r\n"
                var status = 503
                // Until the daemon has begun.
                while status == 503 {
                    try connection.send(Array(head.utf8) + image)
                    status = try connection.readResponse().status
                }
                #expect(status == 202)
                let page = try Self.get(port, "/")
                #expect(page.status == 200)
                var counts = ""
                while !counts.contains("snug_deliveries_total{folder=\"in\"} 1")
                    || !counts.contains("snug_deliveries_total{folder=\"http\"} 1")
                    // The first state that the second process shows has the jobs of the first.
                    || command == "watch" && !counts.contains("snug_jobs{folder=\"http\",state=\"held\"} 0")
                {
                    counts = try Self.get(port, "/metrics").text
                }
            }
            #expect(result.exitCode == 0, "\(result.standardError)")
            #expect(snug.folder.files().contains("out/\(command).jpg"))
        }
    }

    @Test("A request takes every parameter that fit has an option for, under the same name")
    func parameters() throws {
        // What a command has for files, terminals and the machine.
        let local: Set = [
            "output", "in-place", "overwrite", "again", "suffix", "name", "no-preserve", "files-from", "null",
            "no-recursive",
            "follow-links", "jobs", "memory", "isolate", "dry-run", "json", "quiet", "verbose", "report",
            "config",
            "show-config",
            "state",
            "state-directory", "help", "version",
        ]
        let options = Set(try CommandDescription(FitCommand.self).options.flatMap(\.longNames)).subtracting(local)
        #expect(options == Set(FitParameter.names))
    }
}
