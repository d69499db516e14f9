// SPDX-License-Identifier: Apache-2.0
import Glibc
import ServiceLifecycle
import SnugImage
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

@Suite struct HealthRouteTests {
    @Test("Metrics count requests by route and status, phases and bytes")
    func metrics() async throws {
        try await withServer { server in
            let fitted = try await server.fit(TestImage.small, "copy-compliant")
            #expect(fitted.status == 200)
            _ = try await server.fit([1, 2, 3])
            _ = try await server.send("/no/such/\u{71}")
            let response = try await server.send("/metrics")
            #expect(response["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = Set(response.text.split(separator: "\n").map(String.init))
            for line in [
                #"snug_http_requests_total{method="POST",route="/v1/fit",status="200"} 1"#,
                #"snug_http_requests_total{method="POST",route="/v1/fit",status="415"} 1"#,
                #"snug_http_errors_total{code="not_an_image",route="/v1/fit"} 1"#,
                #"snug_http_requests_total{method="GET",route="NotFound",status="404"} 1"#,
                #"snug_http_phase_seconds_count{phase="receiving"} 2"#,
                #"snug_http_phase_seconds_count{phase="queue"} 2"#,
                #"snug_http_phase_seconds_count{phase="processing"} 2"#,
                "snug_http_image_input_bytes_total \(TestImage.small.count)",
                "snug_http_image_output_bytes_total \(TestImage.small.count)", "snug_http_workers 2",
                #"snug_http_request_seconds_count{route="/v1/fit"} 2"#, "snug_http_queue_length 64",
                "snug_http_receiving_limit_bytes \(256 << 20)", "snug_http_result_bytes 0",
                "snug_http_workers_busy 0", "snug_http_queue_waiting 0", "snug_http_receiving_bytes 0",
                "snug_memory_budget_bytes \(256 << 20)", "snug_memory_reserved_bytes 0",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            // The last body may still be on its way back.
            #expect(lines.contains { $0.hasPrefix("snug_http_receiving_idle_bytes ") })
        }
    }

    @Test("A server is live and not ready while it has no room")
    func readiness() async throws {
        try await withServer { server in
            let response = try await server.send("/readyz")
            #expect(response.json == ["problems": [], "ready": true])
        }
        let queue = AdmissionQueue(workers: 1, length: 1, timeout: .seconds(60))
        let receiving = BodyBudget(total: 1000)
        let folder = try TemporaryFolder()
        let full = Readiness(ledger: nil, folder: folder.path, minimumDiskBytes: .max)
        #expect(await full.problems(queue, receiving).map(\.check) == ["disk"])
        let gone = Readiness(ledger: nil, folder: folder.path.appending("none"), minimumDiskBytes: 1)
        #expect(await gone.problems(queue, receiving).map(\.check) == ["disk"])
        let small = Readiness(ledger: nil, folder: folder.path, minimumDiskBytes: nil)
        #expect(await small.problems(queue, receiving).isEmpty, "64 MiB of the machine's disk are free")
        let stopping = Readiness(ledger: nil, folder: nil, minimumDiskBytes: 1)
        #expect(await stopping.problems(queue, receiving).isEmpty)
        let share = BodyShare(receiving)
        try share.grow(to: 930)
        #expect(await stopping.problems(queue, receiving).isEmpty)
        try share.grow(to: 940)
        #expect(await stopping.problems(queue, receiving).map(\.check) == ["receiving"])
        withExtendedLifetime(share) { stopping.drain() }
        #expect(await stopping.problems(queue, BodyBudget(total: 1000)).map(\.check) == ["draining"])
    }

    /// A request whose header the server has read, and the end of whose body the test holds back.
    private static func begin(_ server: TestServer, _ image: [UInt8]) throws -> RawConnection {
        let connection = try RawConnection(port: server.port)
        let fields = [("Expect", "100-continue")]
        try connection.send(server.head("POST", "/v1/fit?copy-compliant", fields, length: image.count))
        #expect(try connection.readResponse().status == 100)
        try connection.send(Array(image.dropLast()))
        return connection
    }

    @Test("Bodies that stall keep no worker: others are served meanwhile")
    func stalledBodies() async throws {
        try await withServer(threads: 1) { server in
            let image = TestImage.small
            let stalled = try await onThread { try (0..<5).map { _ in try Self.begin(server, image) } }
            #expect(try await server.fit(image, "copy-compliant").body == image)
            let bodies = try await onThread {
                try stalled.map { connection in
                    try connection.send([image[image.count - 1]])
                    return try connection.readResponse().body
                }
            }
            #expect(bodies == Array(repeating: image, count: 5))
        }
    }

    @Test("A server that stops finishes what is under way, and takes nothing new")
    func drain() async throws {
        let image = TestImage.small
        let (body, isRefused) = try await withServer { server in
            let idle = try await onThread { try RawConnection(port: server.port) }
            let connection = try await onThread { try Self.begin(server, image) }
            await server.group.triggerGracefulShutdown()
            return try await onThread {
                // It closes connections without a request.
                _ = try idle.readToEnd()
                var isRefused = false
                for _ in 0..<1000 where !isRefused {
                    isRefused = (try? RawConnection(port: server.port)) == nil
                    if !isRefused { usleep(10_000) }
                }
                try connection.send([image[image.count - 1]])
                let body = try connection.readResponse().body
                _ = try connection.readToEnd()
                return (body, isRefused)
            }
        }
        #expect(body == image)
        #expect(isRefused)
    }

    @Test("A client that goes ends its work")
    func cancellation() async throws {
        let watch = ConnectionWatch()
        let begun = AsyncEvent()
        let work = Task {
            try await watch.whileConnected {
                begun.signal()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        await begun.wait()
        watch.close()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(try await ConnectionWatch().whileConnected { 5 } == 5)
    }
}
