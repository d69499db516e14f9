// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct SharedLimitTests {
    /// Requests as the server sees them, by its own fixed window of two seconds.
    private final class Book: Sendable {
        private struct State {
            var arrivals: [ContinuousClock.Instant] = []
            var running = 0
            var mostRunning = 0
        }
        private let state = Mutex(State())

        func begin() {
            state.withLock {
                $0.arrivals.append(.now)
                $0.running += 1
                $0.mostRunning = max($0.mostRunning, $0.running)
            }
        }
        func end() { state.withLock { $0.running -= 1 } }
        var count: Int { state.withLock { $0.arrivals.count } }
        var mostRunning: Int { state.withLock { $0.mostRunning } }

        /// The most that any two seconds saw, wherever they begin.
        var most: Int {
            let arrivals = state.withLock { $0.arrivals }
            return arrivals.indices.map { first in
                arrivals[first...].count { $0 < arrivals[first] + .seconds(2) }
            }.max() ?? 0
        }
    }

    private static func run(_ requests: Int, address: String, folder: String) async throws {
        let url = try HTTPURL(address)
        let client = try makeClient()
        let limiter = RateLimiter(
            account: "one", windows: [RateWindow(name: "short", limit: 5, length: 2)], concurrency: 2,
            store: LedgerAccountLimits(try await openLedger(FilePath(folder))), logger: quietLogger)
        try await withThrowingTaskGroup { group in
            for _ in 0..<requests {
                group.addTask {
                    let status = try await limiter.withPermit { _ in
                        try await client.send(ClientRequest("POST", url)).status
                    }
                    #expect(status == 200)
                }
            }
            for try await _ in group {}
        }
    }

    @Test("Two processes, one account: the server never sees one request more than its limit")
    func twoProcesses() async throws {
        let book = Book()
        let server = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                book.begin()
                usleep(30_000)
                // Before the answer: the client must not be able to be faster than the count.
                book.end()
                try connection.respond(200)
            }
        }
        let folder = try TemporaryFolder()
        let (address, path) = (server.url(), folder.path.string)
        func process() async {
            await #expect(processExitsWith: .success) { [address = address as String, path = path as String] in
                try await Self.run(8, address: address, folder: path)
            }
        }
        async let first: Void = process()
        async let second: Void = process()
        _ = await (first, second)
        #expect(book.count == 16 && book.most <= 5 && book.mostRunning <= 2)
    }
}
