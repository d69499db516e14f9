// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

/// Tells threads apart from places where nothing is awaited.
private func currentThread() -> pthread_t { pthread_self() }

@Suite struct NetworkThreadTests {
    private func makeServer() throws -> FaultServer {
        try FaultServer { connection in
            while true {
                _ = try connection.readHead()
                try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }
    }

    @Test func requestsOneAfterTheOtherNeedNoOtherThread() async throws {
        let server = try makeServer()
        let client = try makeClient()
        let outside = currentThread()
        let url = try server.address()
        let threads = try await client.onNetworkThread {
            // An exchange may be over before it is waited for, and then this continues where it was called.
            for _ in 0..<1000 where currentThread() == outside { _ = try await client.send(ClientRequest("GET", url)) }
            var threads: [pthread_t] = []
            for _ in 0..<20 {
                _ = try await client.send(ClientRequest("GET", url))
                threads.append(currentThread())
            }
            return Set(threads)
        }
        #expect(threads.count == 1)
        #expect(!threads.contains(outside))
    }

    @Test func severalWorksThereDoNotKeepEachOtherWaiting() async throws {
        let server = try makeServer()
        let client = try makeClient()
        let url = try server.address()
        let both = (Signal(), Signal())
        async let first: Void = client.onNetworkThread {
            both.0.set()
            await both.1.wait()
            _ = try await client.send(ClientRequest("GET", url))
        }
        async let second: Void = client.onNetworkThread {
            both.1.set()
            await both.0.wait()
            _ = try await client.send(ClientRequest("GET", url))
        }
        _ = try await (first, second)
    }

    @Test func whatComesAfterTheEndIsNotLeftWaiting() async throws {
        let loop = try EventLoop(maximumConnectionsPerHost: 1)
        let reached = Signal()
        async let waiting = withTaskExecutorPreference(loop) {
            loop.stop()
            await reached.wait()
            return 1
        }
        let late = Task {
            // Before, while and after the thread ends.
            for _ in 0..<200 { await withTaskExecutorPreference(loop) { await Task.yield() } }
            reached.set()
            return 2
        }
        #expect(await waiting + late.value == 3)
    }
}
