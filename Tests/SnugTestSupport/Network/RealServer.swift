// SPDX-License-Identifier: Apache-2.0
package import Foundation
import Glibc
import Synchronization
import SystemPackage

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
    private let process: Mutex<ChildProcess>
    private let launch: @Sendable () throws -> ChildProcess

    /// - Parameters:
    ///   - name: As `run.sh` knows it.
    ///   - portCount: Ports in a row that it takes.
    /// - Throws: ``Unavailable`` when it cannot be installed.
    package init(_ name: String, portCount: Int = 1, environment: [String: String] = [:]) async throws {
        let script = Self.script
        try await Self.install(name, environment: environment)
        folder = FileManager.default.temporaryDirectory.appending(component: "snug-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Servers may run as another user.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path())
        let log = FilePath(folder.path()).appending("log")
        port = try Self.freePorts(portCount)
        // A bound in case this process dies before it can end the server.
        let arguments = [
            "/usr/bin/timeout", "--foreground", "-s", "KILL", "3600", script.string, "serve", name, "\(port)",
            folder.path(),
        ]
        launch = { try ChildProcess(arguments, environment: environment, output: log, errors: log) }
        process = Mutex(try launch())
    }

    deinit {
        stop()
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            // A server that is still ending may hold files; the system clears its temporary folder.
        }
    }

    /// Ends it as a crash would; its data stays.
    package func stop() { process.withLock { $0.signal(SIGKILL) } }

    /// Ends it in order, as its own system does, and waits for that; its data stays.
    package func shutDown() async throws {
        let ending = process.withLock { $0 }
        // PostgreSQL ends its connections at this one, and writes everything out.
        ending.signal(SIGINT)
        _ = try await onThread { ending.wait() }
        for _ in 0..<100 where Self.isListening(port) { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// Starts it again after ``stop()``, on the same ports and data.
    package func restart() throws { process.withLock { [new = try launch()] in $0 = new } }

    /// Lets it take connections and do nothing else, until ``wakeUp()``.
    package func fallAsleep() { process.withLock { $0.signal(SIGSTOP) } }
    package func wakeUp() { process.withLock { $0.signal(SIGCONT) } }

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

    static let tests = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
    private static let script = tests.appending("servers/run.sh")

    /// One at a time: they share a folder that they install into.
    private static let installing = Mutex(())

    /// Installs what `run.sh` knows by a name.
    /// - Throws: ``Unavailable``.
    static func install(_ name: String, environment: [String: String] = [:]) async throws {
        let place = try TemporaryFolder()
        let messages = place.path.appending("messages")
        let code = try await onThread {
            try installing.withLock { _ in
                try ChildProcess([script.string, "install", name], environment: environment, errors: messages).wait()
            }
        }
        guard code != 0 else { return }
        let text = try String(contentsOfFile: messages.string, encoding: .utf8)
        let reason = text.split(separator: "\n").last.map(String.init) ?? "exit \(code)"
        // Counted by scripts/test: a single case that is cancelled is otherwise passed over in silence.
        print("SKIPPED for want of \(name): \(reason)")
        throw Unavailable(reason: "\(name): \(reason)")
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
