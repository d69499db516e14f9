// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization
import SystemPackage

/// The PostgreSQL service that the tests of this process share, started when the first asks for it.
package enum PostgresServer {
    /// The user's password.
    package static let password = "testtest"

    /// True where the programs are there; says once what is skipped otherwise.
    package static let isAvailable: Bool = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let own = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let places = folders + own.map { "/usr/lib/postgresql/\($0)/bin" }
        let isThere = places.contains { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
        // Counted by scripts/test.
        if !isThere { print("SKIPPED for want of postgres: its programs are not installed") }
        return isThere
    }()

    /// The kept one ends with the process.
    private static let kept = Mutex<RealServer?>(nil)
    private static let start = Task {
        let server = try await startNew()
        kept.withLock { $0 = server }
        atexit { PostgresServer.kept.withLock { $0 = nil } }
        return server.port
    }

    /// The address of a database of the shared service, with its password.
    package static func address(database: String = "postgres", withPassword: Bool = true) async throws -> String {
        address(port: try await start.value, database, withPassword)
    }

    /// Another service, for a test that ends or stops it.
    /// - Parameter isEncrypted: True lets it take encrypted connections, with a certificate of its own.
    package static func startNew(isEncrypted: Bool = false) async throws -> RealServer {
        let server = try await RealServer("postgres", environment: isEncrypted ? ["SNUG_POSTGRES_TLS": "1"] : [:])
        try await server.waitUntilListening()
        return server
    }

    /// The address of a database of a service.
    package static func address(port: Int, _ database: String = "postgres", _ withPassword: Bool = true) -> String {
        "postgres://snug\(withPassword ? ":\(password)" : "")@127.0.0.1:\(port)/\(database)"
    }

    private static let count = Atomic<Int>(0)

    /// A name that no other test has.
    package static func newName() -> String {
        "test_\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// Sends statements by `psql`, as an operator does.
    package static func run(_ sql: String, on address: String) async throws {
        let folder = try TemporaryFolder()
        let messages = folder.path.appending("messages")
        let code = try await onThread {
            try ChildProcess(
                ["/usr/bin/env", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, address], errors: messages
            ).wait()
        }
        guard code == 0 else {
            let text = try String(contentsOfFile: messages.string, encoding: .utf8)
            throw CommandRunner.Failure(description: "psql: \(text)")
        }
    }

    /// Makes a database on the shared service.
    /// - Returns: Its name.
    package static func newDatabase() async throws -> String {
        let name = newName()
        try await run("CREATE DATABASE \(name)", on: try await address())
        return name
    }
}
