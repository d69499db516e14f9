// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

/// `snug watch` under a service manager, and on a terminal.
@Suite struct WatchServiceTests {
    let snug: CommandFolder

    init() throws {
        var snug = try CommandFolder()
        snug.runner.environment["SNUG_STATE_DIR"] = "state"
        self.snug = snug
        try snug.folder.write([], to: "in/.keep")
    }

    @Test("The service manager hears when it is ready, reloads, lives and stops", arguments: [false, true])
    func notifies(isAbstract: Bool) throws {
        let name = isAbstract ? "@snug-test-\(getpid())-\(snug.folder.path.lastComponent?.string ?? "")" : nil
        let socket = try NotifySocket(name ?? snug.folder.path.appending("notify").string)
        var runner = snug.runner
        runner.environment["NOTIFY_SOCKET"] = socket.address
        runner.environment["WATCHDOG_USEC"] = "200000"
        var (heard, isReloading, isEnded): ([String], Bool, Bool) = ([], false, false)
        let arguments = ["watch", "in", "-o", "out", "--log-format", "text"].map { Array($0.utf8) }
        let result = try runner.run(arguments, input: []) { process, text in
            if !isReloading, text.contains("daemon started") {
                isReloading = true
                for _ in 0..<100 where !heard.contains("WATCHDOG=1") {
                    usleep(50_000)
                    heard += socket.messages()
                }
                kill(process, SIGHUP)
            }
            if !isEnded, text.contains("configuration reloaded") {
                isEnded = true
                kill(process, SIGTERM)
            }
        }
        heard += socket.messages()
        #expect(result.exitCode == 0, "\(result.standardError)")
        let lines = heard.flatMap { $0.split(separator: "\n").map(String.init) }
        let ready = try #require(lines.firstIndex(of: "READY=1"))
        let reloading = try #require(lines.firstIndex(of: "RELOADING=1"))
        let stopping = try #require(lines.firstIndex(of: "STOPPING=1"))
        #expect(ready < reloading && reloading < stopping)
        #expect(lines[reloading..<stopping].contains("READY=1"))
        #expect(lines[reloading...].contains { $0.hasPrefix("MONOTONIC_USEC=") })
        #expect(lines.contains("WATCHDOG=1") && lines.contains { $0.hasPrefix("STATUS=") })
    }

    @Test("Without a service manager, and with one that is gone, it works all the same")
    func works() throws {
        var runner = snug.runner
        runner.environment["NOTIFY_SOCKET"] = "/nowhere/notify"
        try snug.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        let arguments = ["watch", "in", "-o", "out", "--settle", "0s", "--once"]
        #expect(try runner.run(arguments).exitCode == 0)
        #expect(snug.folder.files().contains("out/a.jpg"))
    }

    @Test("On a terminal each folder has one line within its width, which follows the work", arguments: [40, 120])
    func display(columns: Int) throws {
        try snug.folder.write(CommandFolder.jpeg(), to: "in/a.jpg")
        var runner = snug.runner
        runner.errorStream = .terminal(columns: columns)
        var isEnded = false
        let arguments = ["watch", "in", "-o", "out", "--settle", "100ms"].map { Array($0.utf8) }
        let result = try runner.run(arguments, input: []) { process, text in
            if !isEnded, text.contains("1 done") {
                isEnded = true
                kill(process, SIGINT)
            }
        }
        #expect(result.exitCode == 0, "\(result.standardError)")
        let shown = result.standardError.replacing(/\u{1B}\[\d*[A-Za-z]/, with: "").split(whereSeparator: \.isNewline)
        #expect(shown.contains { $0.hasPrefix("in  0 waiting, 1 done") }, "\(shown)")
        for line in shown { #expect(line.count < columns, "\(line)") }
    }

    @Test("Logs are lines for people unless JSON is asked for")
    func logs() throws {
        try snug.folder.write(CommandFolder.jpeg(), to: "in/a b.jpg")
        let arguments = ["watch", "in", "-o", "out", "--settle", "0s", "--once"]
        let text = try snug.runner.run(arguments).standardError
        let line = try #require(text.split(separator: "\n").first { $0.contains("result delivered") })
        #expect(line.contains(" info result delivered") && line.contains(#"name="a b.jpg""#), "\(line)")
        #expect(try snug.runner.run(arguments + ["--log-level", "error"]).standardError == "0 taken, 0 delivered\n")
    }
}
