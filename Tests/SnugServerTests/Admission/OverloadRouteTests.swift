// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage
@testable import SnugServer

/// A server with more to do than it can, over real connections.
@Suite struct OverloadRouteTests {
    /// An engine of one worker, all of whose memory a test takes: requests get the worker and wait.
    private let fitter = ImageFitter(configuration: .init(memory: 64 << 20, threads: 1))

    private func withoutMemory<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await fitter.budget.withReservation(of: fitter.budget.total, body)
    }

    /// The milliseconds of the phases in a response.
    private static func timing(_ response: RawResponse) throws -> [String: Double] {
        var phases: [String: Double] = [:]
        for entry in try #require(response["server-timing"]).split(separator: ", ") {
            let parts = entry.split(separator: ";dur=")
            phases[String(parts[0])] = parts.last.flatMap { Double($0) }
        }
        return phases
    }

    private static func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }

    @Test("Beyond workers and queue the response is 503 with a time computed from the queue; all that wait are served")
    func overload() async throws {
        try await withServer({ $0.queueLength = 2 }, fitter: fitter) { server in
            try await withThrowingTaskGroup(of: RawResponse.self) { group in
                try await self.withoutMemory {
                    for count in 0...2 {
                        group.addTask { try await server.fit(TestImage.small) }
                        try await server.waitForMetrics(
                            "snug_http_workers_busy 1", "snug_http_queue_waiting \(count)")
                    }
                    for path in ["/v1/fit", "/shrink"] {
                        let refused = try await server.send("POST", path, body: TestImage.small)
                        #expect(refused.status == 503)
                        #expect(refused.code == "overloaded")
                        #expect(refused["snug-error"] == "overloaded")
                        // Three requests on one worker, at the second each that is assumed before anything was measured.
                        #expect(refused["retry-after"] == "3")
                        #expect(refused.json["details"] == ["running": 1, "waiting": 2])
                        #expect(refused.json["message"]?.text?.hasSuffix("try again in 3 s") == true)
                        #expect(try Self.timing(refused)["processing"] == nil)
                    }
                    // What needs no worker answers, and orchestrators send requests elsewhere.
                    #expect(try await server.send("/livez").status == 200)
                    #expect(try await server.send("/v1/profiles").status == 200)
                    #expect(try await server.send("POST", "/v1/inspect", body: TestImage.small).status == 200)
                    let ready = try await server.send("/readyz")
                    #expect(ready.status == 503)
                    #expect(ready.json["problems"]?.elements.compactMap { $0["check"]?.text } == ["queue"])
                }
                for try await response in group { #expect(response.status == 200) }
            }
            #expect(try await server.send("/readyz").status == 200)
            try await server.waitForMetrics("snug_http_workers_busy 0", "snug_http_queue_waiting 0")
        }
    }

    @Test("Without a place the refusal does not wait for the body, and the connection serves the next request")
    func refusalBeforeBody() async throws {
        let image = TestImage.small
        try await withServer({ $0.queueLength = 0 }, fitter: fitter) { server in
            try await withThrowingTaskGroup(of: RawResponse.self) { group in
                let connection = try await onThread { try RawConnection(port: server.port) }
                let head = server.head("POST", "/v1/fit", length: image.count)
                try await self.withoutMemory {
                    group.addTask { try await server.fit(image) }
                    try await server.waitForMetrics("snug_http_workers_busy 1")
                    let refused = try await onThread {
                        try connection.send(head)
                        return try connection.readResponse()
                    }
                    #expect(refused.status == 503)
                    #expect(refused.code == "overloaded")
                    #expect(refused["connection"] != "close")
                }
                for try await response in group { #expect(response.status == 200) }
                // What is left of the refused request, in pieces, and one that is served.
                let served = try await onThread {
                    for start in stride(from: 0, to: image.count, by: 1000) {
                        try connection.send(Array(image[start..<min(start + 1000, image.count)]))
                    }
                    try connection.send(head + image)
                    return try connection.readResponse()
                }
                #expect(served.status == 200)
            }
        }
    }

    @Test("A body that comes behind a request that is worked on is not called slow")
    func bodyBehind() async throws {
        let image = TestImage.small
        try await withServer({ ($0.ratePeriod, $0.minimumRate) = (.milliseconds(20), 5000) }, fitter: fitter) {
            server in
            let head = server.head("POST", "/v1/fit?copy-compliant", length: image.count)
            let connection = try await onThread { try RawConnection(port: server.port) }
            try await self.withoutMemory {
                try await onThread { try connection.send(head + image + head) }
                try await server.waitForMetrics("snug_http_workers_busy 1")
                // Many periods, in none of which the second body comes.
                try await Task.sleep(for: .milliseconds(200))
            }
            let statuses = try await onThread {
                let first = try connection.readResponse().status
                try connection.send(image)
                return [first, try connection.readResponse().status]
            }
            #expect(statuses == [200, 200])
        }
    }

    @Test("A result that its reader has not taken counts as memory of bodies, and no longer than that")
    func results() async throws {
        // More than the buffers of a connection hold.
        let image = TestImage.noise(width: 1000, height: 700)
        try await withServer { server in
            let connection = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit?copy-compliant", length: image.count) + image)
                return connection
            }
            try await server.waitForMetrics(
                #"snug_http_requests_total{method="POST",route="/v1/fit",status="200"} 1"#,
                "snug_http_receiving_bytes \(image.count)")
            let response = try await onThread { try connection.readResponse() }
            #expect(response.body == image)
            try await server.waitForMetrics("snug_http_receiving_bytes 0")
        }
    }

    @Test("A wait for a worker that takes too long is 503, tells how long it was, and leaves the place to others")
    func queueTimeout() async throws {
        try await withServer({ ($0.queueLength, $0.queueTimeout) = (1, .milliseconds(20)) }, fitter: fitter) { server in
            try await withThrowingTaskGroup(of: RawResponse.self) { group in
                try await self.withoutMemory {
                    group.addTask { try await server.fit(TestImage.small) }
                    try await server.waitForMetrics("snug_http_workers_busy 1")
                    for _ in 0..<3 {
                        let refused = try await server.fit(TestImage.small)
                        #expect(refused.status == 503)
                        #expect(refused.code == "queue_timeout")
                        #expect(refused["retry-after"] == "1")
                        let timing = try Self.timing(refused)
                        #expect(try #require(timing["queue"]) >= 20)
                        #expect(timing["processing"] == nil)
                    }
                }
                for try await response in group { #expect(response.status == 200) }
            }
        }
    }

    @Test("An image that takes longer than it may is 503 with a time, and its worker is free for the next one")
    func fitTimeout() async throws {
        try await withServer({ $0.fitTimeout = .milliseconds(20) }, fitter: fitter) { server in
            try await self.withoutMemory {
                for path in ["/v1/fit", "/shrink"] {
                    let response = try await server.send("POST", path, body: TestImage.small)
                    #expect(response.status == 503, "\(path)")
                    #expect(response.code == "fit_timeout", "\(path)")
                    #expect(response["retry-after"] == "30")
                    try await server.waitForMetrics("snug_http_workers_busy 0", "snug_memory_waiting 0")
                }
            }
        }
    }

    @Test("A client that goes while it waits leaves its place to the next one")
    func goneClients() async throws {
        try await withServer({ $0.queueLength = 1 }, fitter: fitter) { server in
            try await withThrowingTaskGroup(of: RawResponse.self) { group in
                try await self.withoutMemory {
                    group.addTask { try await server.fit(TestImage.small) }
                    try await server.waitForMetrics("snug_http_workers_busy 1")
                    for _ in 0..<5 {
                        let request = server.head("POST", "/v1/fit", length: TestImage.small.count) + TestImage.small
                        let connection = try await onThread {
                            let connection = try RawConnection(port: server.port)
                            try connection.send(request)
                            return connection
                        }
                        try await server.waitForMetrics("snug_http_queue_waiting 1")
                        connection.finishSending()
                        try await server.waitForMetrics("snug_http_queue_waiting 0")
                    }
                    group.addTask { try await server.fit(TestImage.small) }
                    try await server.waitForMetrics("snug_http_queue_waiting 1")
                }
                for try await response in group { #expect(response.status == 200) }
            }
            let line = #"snug_http_errors_total{code="client_gone",route="/v1/fit"} 5"#
            try await server.waitForMetrics(line)
        }
    }

    @Test("Receiving, waiting and working are told apart: none has any of another's time")
    func phases() async throws {
        try await withServer(fitter: fitter) { server in
            let image = TestImage.noise(width: 40, height: 30)
            let clock = ContinuousClock()
            let begun = clock.now
            let connection = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit?format=jpeg", length: image.count))
                try connection.send(Array(image.dropLast()))
                return connection
            }
            try await server.waitForMetrics("snug_http_receiving_bytes \(image.count)")
            let received = try await clock.measure { try await clock.sleep(for: .milliseconds(30)) }
            try await withThrowingTaskGroup(of: RawResponse.self) { group in
                let waited = try await self.withoutMemory {
                    try await onThread { try connection.send([image[image.count - 1]]) }
                    try await server.waitForMetrics("snug_memory_waiting 1")
                    group.addTask { try await server.fit(image, "format=jpeg") }
                    try await server.waitForMetrics("snug_http_queue_waiting 1")
                    return try await clock.measure { try await clock.sleep(for: .milliseconds(40)) }
                }
                let first = try Self.timing(try await onThread { try connection.readResponse() })
                let total = clock.now - begun
                // A tenth is what rounding takes.
                #expect(try #require(first["receiving"]) >= Self.milliseconds(received) - 0.1)
                #expect(try #require(first["queue"]) >= Self.milliseconds(waited) - 0.1)
                #expect(first.values.reduce(0, +) <= Self.milliseconds(total) + 0.3)
                let second = try Self.timing(try #require(try await group.next()))
                #expect(try #require(second["queue"]) >= Self.milliseconds(waited) - 0.1)
            }
            let lines = try await server.send("/metrics").text
            for phase in ["receiving", "queue", "processing"] {
                #expect(lines.contains("snug_http_phase_seconds_count{phase=\"\(phase)\"} 2\n"), "\(phase)")
            }
        }
    }
}
