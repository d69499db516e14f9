// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

@Suite struct ClockTests {
    /// What a request against a script ended with, and after how long.
    ///
    /// No bound is put on that from above: the machine has others to serve. That a clock ended it shows in the error, for
    /// the scripts do nothing by themselves that would.
    private func run(
        bytes: Int, clocks: ClientRequest.Clocks, receiveBuffer: Int32? = nil,
        _ script: @escaping @Sendable (FaultConnection) throws -> Void
    ) async throws -> (Result<ClientResponse, any Error>, Duration) {
        let server = try FaultServer(receiveBuffer: receiveBuffer, script)
        let client = try makeClient()
        var request = ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(bytes)), clocks: clocks)
        request.expectsContinue = false
        let start = ContinuousClock.now
        let result: Result<ClientResponse, any Error>
        do { result = .success(try await client.send(request)) } catch { result = .failure(error) }
        return (result, ContinuousClock.now - start)
    }

    private func error(_ result: Result<ClientResponse, any Error>) -> HTTPError? {
        if case .failure(let error) = result { return error as? HTTPError }
        return nil
    }

    @Test func silenceIsAllowedForTwentySeconds() {
        #expect(ClientRequest.Clocks().stallTimeout == .seconds(20))
    }

    @Test func aSilentServerRunsIntoTheAttemptTimeout() async throws {
        let (result, took) = try await run(bytes: 10, clocks: .init(attemptTimeout: .seconds(2))) { connection in
            _ = try connection.readRequest()
            connection.waitForClose()
        }
        #expect(error(result)?.code == .attemptTimedOut)
        #expect(error(result)?.outcome == .sentWithoutResponse)
        #expect(took >= .seconds(2))
    }

    @Test func theDeadlineBoundsAnAttempt() async throws {
        let clocks = ClientRequest.Clocks(deadline: .now + .milliseconds(300), attemptTimeout: .seconds(600))
        let (result, _) = try await run(bytes: 10, clocks: clocks) { $0.waitForClose() }
        #expect(error(result)?.code == .deadlineExceeded)
    }

    @Test func aLineThatTakesNothingMoreIsNoticed() async throws {
        let (result, _) = try await run(
            bytes: 30_000_000, clocks: .init(stallTimeout: .milliseconds(400)), receiveBuffer: 65_536
        ) { connection in
            _ = try connection.readHead()
            connection.ignoreEverything(seconds: 600)
        }
        #expect(error(result)?.code == .stalled)
        #expect(error(result)?.outcome == .partlySent)
        #expect(error(result)?.message.contains("sending") == true)
    }

    @Test func bytesThatOnlyTheSystemHasTakenAreNotSentYet() async throws {
        // All of it fits into this side's buffer and not into the peer's, which never reads.
        let (result, _) = try await run(
            bytes: 400_000, clocks: .init(stallTimeout: .milliseconds(400)), receiveBuffer: 8_192
        ) { connection in
            connection.ignoreEverything(seconds: 600)
        }
        #expect(error(result)?.code == .stalled)
    }

    @Test func aServerThatThinksLongerThanTheStallTimeoutIsNotCut() async throws {
        // Few enough bytes that the system takes them in, however late the server's thread gets its turn.
        let (result, took) = try await run(bytes: 40_000, clocks: .init(stallTimeout: .seconds(1))) {
            connection in
            _ = try connection.readRequest()
            connection.ignoreEverything(seconds: 4)
            try connection.respond(200)
        }
        #expect(try result.get().status == 200)
        #expect(took >= .seconds(4))
    }

    @Test func anAnswerThatStopsComingIsNoticed() async throws {
        let (result, _) = try await run(bytes: 10, clocks: .init(stallTimeout: .seconds(1))) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
            connection.waitForClose()
        }
        #expect(error(result)?.code == .stalled)
        #expect(error(result)?.outcome == .responded)
        #expect(error(result)?.message.contains("receiving") == true)
    }

    @Test func aSlowBodyOfOurOwnIsNoStall() async throws {
        final class SlowReader: HTTPBodyReader {
            let left = Mutex(4)
            func read(atMost maximum: Int) async throws -> [UInt8] {
                try await Task.sleep(for: .milliseconds(500))
                return left.withLock { left in
                    left -= 1
                    return left < 0 ? [] : [1, 2, 3]
                }
            }
        }
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.respond(200)
        }
        let body = HTTPBody(byteCount: 12) { _ in SlowReader() }
        let clocks = ClientRequest.Clocks(stallTimeout: .milliseconds(400))
        let response = try await makeClient().send(
            ClientRequest("PUT", try server.address(), body: body, clocks: clocks))
        #expect(response.status == 200)
    }
}

@Suite struct CancellationTests {
    enum Moment: CaseIterable { case sending, waiting, receiving, starved }

    private struct EndlessWait: HTTPBodyReader {
        func read(atMost maximum: Int) async throws -> [UInt8] {
            try await Task.sleep(for: .seconds(3600))
            return []
        }
    }

    @Test("Cancelling ends the transfer while the server still waits", arguments: Moment.allCases)
    func cancels(moment: Moment) async throws {
        let reached = Signal()
        let closed = Signal()
        let closedAt = Mutex(ContinuousClock.now)
        let server = try FaultServer(receiveBuffer: 65_536) { connection in
            _ = try connection.readHead()
            switch moment {
            case .sending, .starved: break
            case .waiting: _ = try connection.read(30_000_000)
            case .receiving:
                _ = try connection.read(30_000_000)
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
            }
            reached.set()
            connection.waitForClose()
            closedAt.withLock { $0 = .now }
            closed.set()
        }
        let client = try makeClient()
        let task = Task {
            let body =
                moment == .starved
                ? HTTPBody(byteCount: 10) { _ in EndlessWait() } : HTTPBody(bytes: pattern(30_000_000))
            var request = ClientRequest("PUT", try server.address(), body: body)
            request.expectsContinue = false
            return try await client.send(request)
        }
        await reached.wait()
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await closed.wait()
        // The server did nothing but wait for it. Within 100 ms on a machine of one's own.
        print("cancelled while \(moment): \((closedAt.withLock { $0 } - start).seconds * 1000) ms")
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let server = try FaultServer { connection in _ = try connection.readRequest() }
        let client = try makeClient()
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await client.send(ClientRequest("GET", try server.address()))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(server.connectionCount == 0)
    }

    @Test func hundredsOfCancelledTransfersLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let server = try FaultServer { $0.waitForClose() }
            let url = try server.address()
            let before = (descriptors: openDescriptors(), threads: threadCount())
            let live = LiveCount()
            do {
                let client = try makeClient()
                for round in 0..<500 {
                    var request = ClientRequest("PUT", url, body: HTTPBody(bytes: pattern(10_000)))
                    let token = LiveCount.Token(live)
                    request.onProgress = { _ in withExtendedLifetime(token) {} }
                    let sent = request
                    let task = Task { try await client.send(sent) }
                    if round % 3 == 0 { await Task.yield() }
                    if round % 5 == 0 { try await Task.sleep(for: .milliseconds(2)) }
                    task.cancel()
                    _ = await task.result
                }
            }
            // The client's thread and the server's end soon after, when the machine lets them.
            for _ in 0..<600 where openDescriptors() > before.descriptors || threadCount() > before.threads + 2 {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(openDescriptors() <= before.descriptors)
            // The pool of tasks may have grown to the number of cores.
            #expect(threadCount() <= before.threads + 2)
            #expect(live.count == 0)
        }
    }
}

/// Counts what still lives of many things.
private final class LiveCount: Sendable {
    private let living = Mutex(0)
    var count: Int { living.withLock { $0 } }

    final class Token: Sendable {
        private let owner: LiveCount
        init(_ owner: LiveCount) {
            self.owner = owner
            owner.living.withLock { $0 += 1 }
        }
        deinit { owner.living.withLock { $0 -= 1 } }
    }
}

/// Threads of this process.
private func threadCount() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
}
