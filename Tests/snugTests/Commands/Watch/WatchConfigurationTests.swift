// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

/// `snug watch` and its configuration: checked, refused, reloaded.
@Suite struct WatchConfigurationTests {
    let snug: CommandFolder

    init() throws {
        var snug = try CommandFolder()
        snug.runner.environment["SNUG_STATE_DIR"] = "state"
        self.snug = snug
    }

    private func configure(_ folders: String...) throws {
        let list = folders.map { "  \($0): {inbox: \($0)/in, outbox: \($0)/out, settle: 100ms}\n" }.joined()
        try snug.folder.write(Array("folders:\n\(list)".utf8), to: "snug.yaml")
        for name in folders { try snug.folder.write([], to: "\(name)/in/.keep") }
    }

    @Test("The settings in force are shown with where each came from, for people and for programs")
    func checks() throws {
        try configure("a")
        var runner = snug.runner
        runner.environment["SNUG_DRAIN_TIME"] = "5s"
        let text = try runner.run(["watch", "--config", "snug.yaml", "--limit", "1MB", "--check-config"])
        #expect(text.exitCode == 0, "\(text.standardError)")
        func line(_ key: String) throws -> String {
            try #require(text.lines.first { $0.hasPrefix(key + " ") }, "\(key)")
        }
        #expect(
            try line("folders.a.settle").hasSuffix("100ms  # snug.yaml:2")
                || line("folders.a.settle").hasSuffix("# snug.yaml:2"))
        #expect(try line("drain_time").hasSuffix("# SNUG_DRAIN_TIME"))
        #expect(try line("folders.a.fit.limit").hasSuffix("# --limit"))
        #expect(try line("folders.a.source").hasSuffix("# default"))
        let objects = try CommandFolder.objects(
            try runner.run(["watch", "--config", "snug.yaml", "--check-config", "--json"]))
        let drain = try #require(objects.first { $0["key"] as? String == "drain_time" })
        #expect(drain["value"] as? String == "5s" && drain["origin"] as? String == "environment")
        #expect(!snug.folder.files().contains { $0.hasPrefix("state/") })
    }

    @Test("The address of a webhook may be what the configuration allows, and a name is judged when a message is sent")
    func webhooks() throws {
        try configure("a")
        let file = try #require(try snug.folder.bytes(of: "snug.yaml"))
        for text in [
            "webhook: {url: 'http://10.0.0.5/hook', allow_internal: true}\nnetwork: {allow_plain_http: true}\n",
            "webhook: {url: 'http://127.0.0.1:9/', allow_internal: true}\n", "webhook: {url: 'https://intern/'}\n",
            "webhook: {url: 'https://[2606:4700::1]/'}\n",
        ] {
            try snug.folder.write(Array(text.utf8) + file, to: "snug.yaml")
            let result = try snug.runner.run(["watch", "--config", "snug.yaml", "--check-config"])
            #expect(result.exitCode == 0, "\(text) \(result.standardError)")
        }
    }

    @Test(
        "A wrong configuration is refused with 64, its line and the remedy",
        arguments: [
            (
                "folders:\n  a: {inbox: a, outbox: b, setle: 2s}\n",
                "snug.yaml:2: folders.a.setle: is not known. Did you mean 'settle'?"
            ),
            ("folders: {}\n", "there is no folder to watch; name one"),
            ("folders:\n  a: {inbox: a, outbox: a/out}\n", "overlap"),
            (
                "folders:\n  a: {inbox: a, outbox: b, generate: {account: x}}\n",
                "names the account 'x', which is not there"
            ),
            ("folders:\n\ta: 1\n", "snug.yaml:2: is no YAML"),
            (
                "webhook: {url: 'http://10.0.0.5/hook'}\nfolders: {a: {inbox: a, outbox: b}}\n",
                "snug.yaml:1: webhook.url: http://10.0.0.5/hook is an internal address over http, and no message would be sent; "
                    + "set webhook.allow_internal to true"
            ),
            (
                "webhook: {url: 'https://[::1]/'}\nfolders: {a: {inbox: a, outbox: b}}\n",
                "is an internal address, and no message"
            ),
            (
                "webhook: {url: 'http://h.test/', allow_internal: true}\nfolders: {a: {inbox: a, outbox: b}}\n",
                "use https, or set network.allow_plain_http to true"
            ),
        ])
    func refuses(text: String, message: String) throws {
        try snug.folder.write(Array(text.utf8), to: "snug.yaml")
        for arguments in [["--check-config"], ["--once"]] {
            let result = try snug.runner.run(["watch", "--config", "snug.yaml"] + arguments + ["--json"])
            #expect(result.exitCode == 64, "\(result.standardError)")
            #expect(
                result.standardError.hasPrefix("Error: ") && result.standardError.contains(message),
                "\(result.standardError)")
            let error = try #require(try CommandFolder.objects(result).first?["error"] as? [String: Any])
            #expect(error["code"] is String && error["message"] is String)
        }
    }

    @Test(
        "Arguments that contradict each other say so",
        arguments: [
            ([], "no folder is given: pass DIR -o DIR, or --config FILE"), (["in"], "no output is given"),
            (["in", "-o", "out", "--config", "x"], "--config names the folders"),
            (["in", "-o", "out", "--json"], "--json goes with --once or --check-config"),
            (
                ["in", "-o", "out", "--settle", "2", "--check-config"],
                "--settle: '2' is no duration"
            ),
            (
                ["in", "-o", "out", "--source", "mve", "--check-config"],
                "--source: 'mve' is not known. Did you mean move?"
            ),
            (["--config", "gone.yaml"], "gone.yaml: cannot be read: No such file or directory"),
        ])
    func usage(arguments: [String], message: String) throws {
        let result = try snug.runner.run(["watch"] + arguments)
        #expect(result.exitCode == 64 && result.standardError.contains(message), "\(result.standardError)")
    }

    @Test("The doctor shows how each folder would be watched, and the ledger in force")
    func doctor() throws {
        try snug.folder.write([], to: "a/in/.keep")
        try snug.folder.write(
            Array(
                """
                state_dir: here
                folders:
                  a: {inbox: a/in, outbox: a/out}
                  b: {inbox: a/in2, outbox: a/out2}
                  c: {inbox: a, outbox: a/out, polling: true}
                """.utf8), to: "wrong.yaml")
        let wrong = try snug.snug("doctor", "--config", "wrong.yaml", "--json")
        #expect(wrong.exitCode == 1)
        #expect(wrong.lines.contains { $0.hasPrefix(#"{"check":"configuration","state":"fail""#) }, "\(wrong.lines)")
        try snug.folder.write(
            Array(
                "state_dir: here\nfolders:\n  a: {inbox: a/in, outbox: a/out}\n  b: {inbox: b/in, outbox: b/out}\n".utf8
            ),
            to: "snug.yaml")
        let result = try snug.snug("doctor", "--config", "snug.yaml", "--json")
        #expect(result.exitCode == 0, "\(result.standardOutput)")
        func line(_ check: String) throws -> String {
            try #require(result.lines.first { $0.hasPrefix(#"{"check":"\#(check)","#) }, "\(check)")
        }
        #expect(try line("folder a").contains("a/in, events") || line("folder a").contains("a/in, polling: "))
        #expect(try line("folder b").contains("is not there"))
        #expect(try line("ledger").contains("/state/ledger.sqlite"))
        #expect(!snug.folder.files().contains { $0.contains("snug-probe") })
    }

    @Test("SIGHUP takes folders in and out while files arrive; a wrong file is refused, and the old one stays")
    func reloads() throws {
        try configure("a")
        try snug.folder.write(CommandFolder.jpeg(), to: "a/in/1.jpg")
        var step = 0
        let result = try snug.runner.run(
            ["watch", "--config", "snug.yaml", "--log-format", "json"].map { Array($0.utf8) }, input: []
        ) { process, text in
            switch step {
            case 0 where text.contains("a/out/1.jpg"):
                step = 1
                _ = try? snug.folder.write(Array("folders: nonsense\n".utf8), to: "snug.yaml")
                kill(process, SIGHUP)
            case 1 where text.contains("configuration refused"):
                step = 2
                _ = try? snug.folder.write(CommandFolder.jpeg(17), to: "a/in/2.jpg")
            case 2 where text.contains("a/out/2.jpg"):
                step = 3
                try? configure("a", "b")
                _ = try? snug.folder.write(CommandFolder.jpeg(18), to: "b/in/3.jpg")
                kill(process, SIGHUP)
            case 3 where text.contains("b/out/3.jpg"):
                step = 4
                kill(process, SIGTERM)
            default: break
            }
        }
        #expect(step == 4 && result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardError.contains("configuration reloaded"))
        #expect(result.standardError.contains("folders: takes keys below it, and has a value"))
        for name in ["a/out/1.jpg", "a/out/2.jpg", "b/out/3.jpg"] {
            #expect(snug.folder.files().contains(name), "\(name)")
        }
    }

    @Test("SIGHUP changes the level and the form of logs; what needs a restart is refused by name, and nothing changes")
    func reloadsLogs() throws {
        func write(_ more: String) throws {
            try snug.folder.write([], to: "a/in/.keep")
            try snug.folder.write(
                Array("state_dir: here\n\(more)\nfolders:\n  a: {inbox: a/in, outbox: a/out, settle: 50ms}\n".utf8),
                to: "snug.yaml")
        }
        try write("memory: 512MiB\nlog: {format: text, level: info}")
        var step = 0
        let result = try snug.runner.run(["watch", "--config", "snug.yaml"].map { Array($0.utf8) }, input: []) {
            process, text in
            switch step {
            case 0 where text.contains("daemon started"):
                step = 1
                try? write("memory: 256MiB\nnetwork: {allow_plain_http: true}\nlog: {format: json, level: debug}")
                kill(process, SIGHUP)
            case 1 where text.contains("memory, network.allow_plain_http cannot change while the daemon runs"):
                step = 2
                try? write("memory: 512MiB\nlog: {format: json, level: debug}")
                kill(process, SIGHUP)
            case 2 where text.contains(#""message":"configuration reloaded""#):
                step = 3
                _ = try? snug.folder.write(CommandFolder.jpeg(), to: "a/in/1.jpg")
            // A line that the first level would not have shown.
            case 3 where text.contains(#""message":"step began""#) && text.contains("a/out/1.jpg"):
                step = 4
                kill(process, SIGTERM)
            default: break
            }
        }
        #expect(step == 4 && result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardError.contains("configuration refused, the old one stays"))
    }
}
