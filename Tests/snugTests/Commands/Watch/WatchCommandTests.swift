// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

/// `snug watch` as a built program: real folders, real signals.
@Suite struct WatchCommandTests {
    let snug: CommandFolder

    init() throws {
        var snug = try CommandFolder()
        snug.runner.environment["SNUG_STATE_DIR"] = "state"
        self.snug = snug
        for name in ["in", "out"] {
            try FileManager.default.createDirectory(at: url(name), withIntermediateDirectories: false)
        }
    }

    private func url(_ name: String) -> URL { URL(fileURLWithPath: snug.folder.path.appending(name).string) }

    /// Puts a file into a folder in one step.
    private func drop(_ bytes: [UInt8], _ name: String) throws {
        try snug.folder.write(bytes, to: "made")
        try FileManager.default.moveItem(at: url("made"), to: url(name))
    }

    /// Watches `in` until `whenSaid` ends it.
    private func watch(
        _ arguments: [String] = ["in", "-o", "out"], environment: [String: String] = [:],
        whenSaid: (_ process: Int32, _ text: String) -> Void
    ) throws -> CommandResult {
        var runner = snug.runner
        runner.environment.merge(environment) { $1 }
        let all = ["watch"] + arguments + (arguments.first == "in" ? ["--settle", "100ms"] : [])
        return try runner.run((all + ["--log-format", "json"]).map { Array($0.utf8) }, input: [], whenSaid: whenSaid)
    }

    private func count(_ word: String, in text: String) -> Int {
        text.split(separator: word, omittingEmptySubsequences: false).count - 1
    }

    @Test(
        "A dropped file is delivered, its source moves to done, and SIGTERM ends the daemon with 0",
        arguments: [SIGTERM, SIGINT])
    func delivers(number: Int32) throws {
        var (isDropped, isEnded) = (false, false)
        let result = try watch { process, text in
            if !isDropped, text.contains("daemon started") {
                isDropped = true
                try? drop(CommandFolder.jpeg(), "in/a.jpg")
            }
            if !isEnded, text.contains("result delivered") {
                isEnded = true
                kill(process, number)
            }
        }
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(result.standardError.contains(#""message":"daemon stopped""#))
        let files = snug.folder.files()
        #expect(files.contains("out/a.jpg") && files.contains("done/a.jpg") && !files.contains("in/a.jpg"), "\(files)")
        // Each line of the log is one object, and names the job that it is about.
        for line in result.standardError.split(separator: "\n") {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            #expect(object["time"] is String && object["level"] is String && object["message"] is String)
        }
        let jobs = try CommandFolder.objects(try snug.snug("jobs", "--json"))
        #expect(jobs.map { $0["state"] as? String } == ["delivered"])
    }

    @Test("A run that ends by itself tells what it did; a broken file fails with a report that says why")
    func once() throws {
        try drop(CommandFolder.jpeg(), "in/a.jpg")
        try drop(Array("GIF89a is no image of ours".utf8), "in/b.jpg")
        let result = try snug.snug("watch", "in", "-o", "out", "--once", "--settle", "0s", "--patience", "0s", "--json")
        #expect(result.exitCode == 1, "\(result.standardError)")
        let object = try #require(try CommandFolder.objects(result).first)
        #expect(object["delivered"] as? Int == 1 && object["failed"] as? Int == 1, "\(object)")
        let files = snug.folder.files()
        #expect(files.contains("out/a.jpg") && files.contains("failed/b.jpg"), "\(files)")
        #expect(files.contains("failed/b.jpg.error.json"), "\(files)")
        // The second run has nothing to do.
        let again = try snug.snug("watch", "in", "-o", "out", "--once", "--settle", "0s")
        #expect(
            again.exitCode == 0 && again.standardError.hasSuffix("0 taken, 0 delivered\n"), "\(again.standardError)")
    }

    @Test("Delivered results are verified: whole, changed, missing")
    func verifies() throws {
        for name in ["a", "b", "c"] {
            try drop(CommandFolder.commented(bytes: Int(name.utf8.first ?? 0)), "in/\(name).jpg")
        }
        #expect(try snug.snug("watch", "in", "-o", "out", "--once", "--settle", "0s").exitCode == 0)
        let whole = try snug.snug("jobs", "verify")
        #expect(whole.exitCode == 0 && whole.standardError == "3 delivered, all whole\n", "\(whole.standardError)")
        var bytes = CommandFolder.commented(bytes: Int(UInt8(ascii: "a")))
        bytes[30] ^= 1
        try snug.folder.write(bytes, to: "out/a.jpg")
        try FileManager.default.removeItem(at: url("out/b.jpg"))
        let bad = try snug.snug("jobs", "verify")
        #expect(bad.exitCode == 1 && bad.standardError == "3 delivered, 2 with missing or changed results\n")
        #expect(bad.lines.contains { $0.hasPrefix("changed  ") && $0.contains("out/a.jpg  (job ") }, "\(bad.lines)")
        #expect(bad.lines.contains { $0.hasPrefix("missing  ") && $0.contains("out/b.jpg  (job ") }, "\(bad.lines)")
        let objects = try CommandFolder.objects(try snug.snug("jobs", "verify", "--json"))
        #expect(objects.count == 3 && objects.filter { $0["whole"] as? Bool == true }.count == 1)
    }

    @Test("A second daemon for the same state directory is told the process of the first")
    func oneDaemon() throws {
        var second: CommandResult?
        let first = try watch { process, text in
            if second == nil, text.contains("daemon started") {
                second = try? snug.snug("watch", "in", "-o", "out")
                #expect(
                    second?.standardError.contains("(process \(process))") == true, "\(second?.standardError ?? "")")
                kill(process, SIGTERM)
            }
        }
        #expect(first.exitCode == 0)
        #expect(second?.exitCode == 1)
    }

    @Test("Killed while it works, the next one delivers everything, once")
    func survivesKills() throws {
        // So many that none is in hand at two of the kills, which would put it under quarantine.
        for index in 0..<60 { try drop(CommandFolder.commented(bytes: 1000 + index), "in/\(index).jpg") }
        for after in [1, 5, 12] {
            let killed = try watch { process, text in
                if count("\"result delivered\"", in: text) >= after { kill(process, SIGKILL) }
            }
            #expect(killed.exitCode == 128 + SIGKILL || killed.exitCode == 0)
        }
        let result = try snug.snug("watch", "in", "-o", "out", "--once", "--settle", "0s", "--json")
        #expect(result.exitCode == 0, "\(result.standardError)")
        let files = snug.folder.files()
        #expect(files.filter { $0.hasPrefix("out/") }.count == 60, "\(files)")
        #expect(files.filter { $0.hasPrefix("done/") }.count == 60)
        #expect(!files.contains { $0.hasPrefix("in/") && $0.hasSuffix(".jpg") })
        let books = try #require(try CommandFolder.objects(try snug.snug("jobs", "status", "--json")).first)
        let open = try CommandFolder.objects(try snug.snug("jobs", "--all", "--json"))
            .filter { $0["state"] as? String != "delivered" }
        #expect(open.isEmpty, "\(open)")
        #expect(books["seen"] as? Int == 60 && books["delivered"] as? Int == 60 && books["balanced"] as? Bool == true)
    }

    @Test("A second signal stops at once what does not finish")
    func stopsAtOnce() throws {
        let silent = try SilentServer()
        try drop(CommandFolder.jpeg(), "in/a.jpg")
        var (signals, isWaiting) = (0, false)
        let arguments = [
            "in", "-o", "out", "--to", "http://127.0.0.1:\(silent.port)/", "--protocol", "put", "--log-level", "debug",
        ]
        let result = try watch(arguments) { process, text in
            if !isWaiting, text.contains(#""step":"upload""#) {
                isWaiting = true
                signals += 1
                kill(process, SIGTERM)
            }
            if signals == 1, text.contains("daemon stops") {
                signals += 1
                // Later than what counts as the same signal.
                usleep(400_000)
                kill(process, SIGTERM)
            }
        }
        #expect(signals == 2)
        #expect(result.exitCode == 130, "\(result.standardError)")
        withExtendedLifetime(silent) {}
    }
}
