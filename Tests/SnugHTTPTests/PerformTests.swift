// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import MetricsTestKit
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

@Suite struct PerformTests {
    /// A client that does not wait but notes for how long it would have.
    private func impatientClient(_ waits: WaitLog, budget: RetryBudget.Settings = .init()) throws -> HTTPClient {
        try makeClient {
            $0.retryEnvironment.sleep = { wait in waits.waits.withLock { $0.append(wait) } }
            $0.retryEnvironment.random = { 1 }
            $0.retryBudget = budget
        }
    }

    private final class WaitLog: Sendable { let waits = Mutex<[Duration]>([]) }

    /// Answers with one status after the other, the last one for ever; 0 closes without a response.
    private func server(_ statuses: [Int], _ headers: [String: String] = [:]) throws -> FaultServer {
        let left = Mutex(statuses)
        return try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                let status = left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                if status == 0 { return }
                try connection.respond(status, status < 300 ? [:] : headers)
            }
        }
    }

    @Test func transientAnswersAreRepeatedUntilOneIsGood() async throws {
        let server = try server([503, 0, 429, 200], ["Retry-After": "5"])
        let waits = WaitLog()
        let response = try await impatientClient(waits).perform(
            ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(100_000))))
        #expect(response.status == 200)
        #expect(response.attempts.map(\.number) == [1, 2, 3, 4])
        #expect(response.attempts.map(\.status) == [503, nil, 429, 200])
        #expect(response.attempts.map(\.wait) == [.milliseconds(5500), .seconds(1), .milliseconds(5500), nil])
        #expect(response.attempts[1].outcome == .sentWithoutResponse)
        #expect(waits.waits.withLock { $0 } == [.milliseconds(5500), .seconds(1), .milliseconds(5500)])
        #expect(server.requests.allSatisfy { $0.body == pattern(100_000) })
    }

    @Test("A POST whose response was lost is sent once", arguments: [0, 500, 502, 504])
    func paidPost(status: Int) async throws {
        let server = try server([status])
        let client = try impatientClient(WaitLog())
        let error = await #expect(throws: HTTPError.self) {
            try await client.perform(ClientRequest("POST", try server.address(), body: HTTPBody(bytes: [1])))
        }
        #expect(error?.stopReason == .outcomeUnknown)
        #expect(error?.response?.status.code == (status == 0 ? nil : status))
        #expect(server.requests.count == 1)
    }

    @Test func aPostThatWasRefusedBeforeActingIsRepeated() async throws {
        let server = try server([429, 200])
        let response = try await impatientClient(WaitLog()).perform(
            ClientRequest("POST", try server.address(), body: HTTPBody(bytes: [1])))
        #expect(response.status == 200)
        #expect(server.requests.count == 2)
    }

    @Test func theErrorTellsTheWholeStory() async throws {
        let server = try server([503], ["X-Request-Id": "r1"])
        let client = try impatientClient(WaitLog())
        let error = await #expect(throws: HTTPError.self) {
            try await client.perform(ClientRequest("GET", try server.address()))
        }
        #expect(error?.code == .transientStatus)
        #expect(error?.stopReason == .attemptsSpent)
        #expect(error?.attempts.count == 4)
        #expect(error?.attempts.allSatisfy { $0.status == 503 && $0.requestID == "r1" } == true)
        #expect(error?.response?.status == 503)
    }

    @Test func aLongHintStopsAtOnceAndIsPassedOn() async throws {
        let server = try server([429], ["Retry-After": "847"])
        let client = try impatientClient(WaitLog())
        let error = await #expect(throws: HTTPError.self) {
            try await client.perform(ClientRequest("GET", try server.address()))
        }
        #expect(error?.stopReason == .waitTooLong)
        #expect(error?.retryAfter == .seconds(847))
        #expect(server.requests.count == 1)
    }

    @Test func aHundredFailingOperationsShareOneBudget() async throws {
        let server = try server([500])
        let client = try impatientClient(WaitLog())
        for _ in 0..<100 {
            await #expect(throws: HTTPError.self) {
                try await client.perform(ClientRequest("GET", try server.address()))
            }
        }
        #expect(server.requests.count >= 135 && server.requests.count < 145)
    }

    @Test func cancellingTheWaitCancels() async throws {
        let server = try server([503], ["Retry-After": "60"])
        let waits = Signal()
        let client = try makeClient {
            let sleep = $0.retryEnvironment.sleep
            $0.retryEnvironment.sleep = { wait in
                waits.set()
                try await sleep(wait)
            }
        }
        let task = Task { try await client.perform(ClientRequest("GET", try server.address())) }
        await waits.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite struct ObservabilityTests {
    @Test func logsShowTheRequestAndNoSecret() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.respond(200, ["Set-Cookie": "hunter2", "ETag": "e1"])
        }
        let lines = LogLines()
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        let client = try HTTPClient(configuration: configuration, logger: lines.logger, metrics: noMetrics)
        var request = ClientRequest("GET", try server.address("/p?sig=hunter2"))
        try request.headerFields.set("Authorization", secret: Secret("hunter2"))
        _ = try await client.send(request)
        let text = lines.all.joined(separator: "\n")
        #expect(text.contains("request ended") && text.contains("/p?***") && text.contains("e1"))
        #expect(!text.contains("hunter2"))
    }

    @Test func attemptsAreCountedByOutcome() async throws {
        let metrics = TestMetrics()
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            if connection.number == 1 { return }
            try connection.respond(200, body: "abc")
        }
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        configuration.retryEnvironment.sleep = { _ in }
        let client = try HTTPClient(configuration: configuration, logger: quietLogger, metrics: metrics)
        _ = try await client.perform(ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: [1, 2])))
        func count(_ outcome: String) throws -> Int64 {
            try metrics.expectCounter("snug_http_attempts_total", [("outcome", outcome)]).totalValue
        }
        #expect(try count("sent_without_answer") == 1)
        #expect(try count("answered") == 1)
        #expect(try metrics.expectCounter("snug_http_retries_total").totalValue == 1)
        #expect(try metrics.expectCounter("snug_http_sent_bytes").totalValue == 4)
        #expect(try metrics.expectCounter("snug_http_received_bytes").totalValue == 3)
    }
}
