// SPDX-License-Identifier: Apache-2.0
package import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A server that others wrote, started by `Tests/servers/run.sh` on ports of its own and ended with the last reference.
package final class RealServer: Sendable {
    /// It cannot be had on this machine; the text says why.
    package struct Unavailable: Error {
        package var reason: String
        package init(reason: String) { self.reason = reason }
    }

    /// The first of its ports.
    package let port: Int
    /// Its data.
    package let folder: URL
    private let pid: Mutex<pid_t>
    private let launch: @Sendable () throws -> pid_t

    /// - Parameters:
    ///   - name: As `run.sh` knows it.
    ///   - portCount: Ports in a row that it takes.
    /// - Throws: ``Unavailable`` when it cannot be installed.
    package init(_ name: String, portCount: Int = 1, environment: [String: String] = [:]) throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(components: "servers", "run.sh")
        let messages = Pipe()
        let installer = Self.process([script.path(), "install", name], environment)
        installer.standardError = messages
        try Self.installing.withLock { _ in
            try installer.run()
            installer.waitUntilExit()
        }
        guard installer.terminationStatus == 0 else {
            let text = String(decoding: messages.fileHandleForReading.availableData, as: UTF8.self)
            let reason = text.split(separator: "\n").last.map(String.init) ?? "exit \(installer.terminationStatus)"
            // Counted by scripts/test: a single case that is cancelled is otherwise passed over in silence.
            print("SKIPPED for want of \(name): \(reason)")
            throw Unavailable(reason: "\(name): \(reason)")
        }
        folder = FileManager.default.temporaryDirectory.appending(component: "snug-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Servers may run as another user.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path())
        port = try Self.freePorts(portCount)
        // A bound in case this process dies before it can end the server.
        let arguments = [
            "/usr/bin/timeout", "--foreground", "-s", "KILL", "3600", script.path(), "serve", name, "\(port)",
            folder.path(),
        ]
        let logFile = folder.appending(component: "log")
        try Data().write(to: logFile)
        launch = {
            let server = Self.process(arguments, environment)
            let log = try FileHandle(forWritingTo: logFile)
            try log.seekToEnd()
            server.standardOutput = log
            server.standardError = log
            try server.run()
            return server.processIdentifier
        }
        pid = Mutex(try launch())
    }

    deinit {
        // The group, because some servers have children; not SIGTERM, because a child inherits the signal mask of the
        // test's thread, which blocks it.
        stop()
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            // A server that is still ending may hold files; the system clears its temporary folder.
        }
    }

    /// Ends it as a crash would; its data stays.
    package func stop() { signal(SIGKILL) }

    /// Starts it again after ``stop()``, on the same ports and data.
    package func restart() throws { pid.withLock { [pid = try launch()] in $0 = pid } }

    /// Lets it take connections and do nothing else, until ``wakeUp()``.
    package func fallAsleep() { signal(SIGSTOP) }
    package func wakeUp() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        pid.withLock { pid in
            kill(-pid, number)
            kill(pid, number)
        }
    }

    /// Waits until something listens on one of its ports.
    package func waitUntilListening(port offset: Int = 0) async throws {
        for _ in 0..<600 {
            if Self.isListening(port + offset) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Unavailable(reason: "nothing listens on port \(port + offset): \(log.suffix(500))")
    }

    /// An address on one of its ports.
    package func url(_ path: String, port offset: Int = 0) -> String { "http://127.0.0.1:\(port + offset)\(path)" }

    /// Whether another process took one of its ports just before it did.
    package var foundPortTaken: Bool { log.localizedCaseInsensitiveContains("address already in use") }

    /// What it has printed.
    package var log: String {
        (try? String(contentsOf: folder.appending(component: "log"), encoding: .utf8)) ?? ""
    }

    /// Lines of the file that a proxy keeps about its requests.
    package var accessLog: [Substring] {
        let path = folder.appending(component: "access.log")
        return ((try? String(contentsOf: path, encoding: .utf8)) ?? "").split(separator: "\n")
    }

    private static let installing = Mutex(())

    private static func process(_ arguments: [String], _ environment: [String: String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Ports given to servers of this process, which may not listen yet.
    private static let given = Mutex<Set<Int>>([])

    /// The first of so many free ports in a row.
    private static func freePorts(_ count: Int) throws -> Int {
        for _ in 0..<200 {
            let first = Int.random(in: 20_000..<32_000)
            let ports = first..<first + count
            let areNew = given.withLock { given in
                guard given.isDisjoint(with: ports), ports.allSatisfy(isFree) else { return false }
                given.formUnion(ports)
                return true
            }
            if areNew { return first }
        }
        throw Unavailable(reason: "no \(count) free ports in a row")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = LoopbackListener.address(port: port)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func isListening(_ port: Int) -> Bool {
        let descriptor = LoopbackListener.connect(to: port)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }
}
