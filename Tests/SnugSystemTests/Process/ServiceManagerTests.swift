// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

/// What sd_notify(3) and sd_watchdog_enabled(3) ask of a service.
@Suite struct ServiceManagerTests {
    private func manager(_ variables: [String: String]) -> ServiceManager? {
        ServiceManager { variables[$0] }
    }

    @Test(
        "There is a manager where the environment names a socket, by path or in the abstract",
        arguments: [
            ("/run/notify", true), ("@snug", true), ("", false), ("relative", false), ("vsock:2:1234", false),
        ])
    func sockets(address: String, isManager: Bool) {
        #expect((manager(["NOTIFY_SOCKET": address]) != nil) == isManager)
        #expect(manager([:]) == nil)
    }

    @Test("Signs of life are expected when the interval is a number and meant for this process")
    func watchdog() {
        func interval(_ variables: [String: String]) -> Duration? {
            manager(variables.merging(["NOTIFY_SOCKET": "/x"]) { one, _ in one })?.watchdogInterval
        }
        let own = "\(Machine.processID)"
        #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": own]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]) == nil)
        #expect(interval(["WATCHDOG_PID": own]) == nil)
        for text in ["0", "-5", "soon", "", "1.5", "99999999999999999999"] {
            #expect(interval(["WATCHDOG_USEC": text]) == nil, "\(text)")
        }
    }

    @Test("Messages arrive together and in order, each on its line", arguments: [true, false])
    func messages(isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let address = isAbstract ? "@\(folder.path.string)" : folder.path.appending("notify").string
        let socket = try NotifySocket(address)
        let manager = try #require(self.manager(["NOTIFY_SOCKET": address]))
        try manager.send(.ready, .status("3 jobs wait"))
        try manager.send(.alive)
        try manager.send(.stopping, .extendStop(.milliseconds(1500)))
        #expect(
            socket.messages() == [
                "READY=1\nSTATUS=3 jobs wait", "WATCHDOG=1", "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000",
            ])
    }

    @Test("A status from outside stays one line, and cannot say anything else to the manager")
    func injection() throws {
        let folder = try TemporaryFolder()
        let address = folder.path.appending("notify").string
        let socket = try NotifySocket(address)
        try manager(["NOTIFY_SOCKET": address])?.send(.status("a\nSTOPPING=1\r\nMAINPID=1\u{2028}b\n\n"))
        let lines = socket.messages().flatMap { $0.split(separator: "\n") }
        #expect(lines == ["STATUS=a STOPPING=1 MAINPID=1 b"])
    }

    @Test("A reload tells the time since boot, which is the system's")
    func reloading() throws {
        let folder = try TemporaryFolder()
        let address = folder.path.appending("notify").string
        let socket = try NotifySocket(address)
        let before = MonotonicClock.microseconds
        try manager(["NOTIFY_SOCKET": address])?.send(.reloading)
        let after = MonotonicClock.microseconds
        let lines = try #require(socket.messages().first).split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let told = try #require(lines.last?.split(separator: "=").last.flatMap { Int($0) })
        #expect(before <= told && told <= after)
    }

    @Test("A socket that is gone, or whose name is too long, is an error and no crash")
    func gone() throws {
        let missing = try #require(manager(["NOTIFY_SOCKET": "/nowhere/notify"]))
        #expect(throws: Errno.noSuchFileOrDirectory) { try missing.send(.ready) }
        let long = try #require(manager(["NOTIFY_SOCKET": "/" + String(repeating: "n", count: 300)]))
        #expect(throws: Errno.self) { try long.send(.ready) }
    }
}
