// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// Requests with an Idempotency-Key, as a client repeats them that got no response.
@Suite struct IdempotentRequestTests {
    private static func send(
        _ server: TestServer, key: String, boundary: String = "xXx", limit: String = "1MB"
    ) async throws -> RawResponse {
        let body = TestServer.form(
            [
                ("name=\"limit\"", Array(limit.utf8)), ("name=\"image\"; filename=\"a.png\"", TestImage.small),
            ], boundary: boundary)
        return try await server.send(
            "POST", "/v1/jobs",
            [("Content-Type", "multipart/form-data; boundary=\(boundary)"), ("Idempotency-Key", key)], body: body)
    }

    @Test("A repeated request gets the first one's response, also from the next process; another one is 422")
    func repeated() async throws {
        let bench = try await JobBench()
        let first = try await bench.run { server in
            let first = try await Self.send(server, key: "k-1")
            #expect(first.status == 202)
            #expect(first["idempotent-replayed"] == nil)
            // Clients make another boundary for each request; quotes around the key are the draft's form.
            let again = try await Self.send(server, key: "\"k-1\"", boundary: "yYy")
            #expect(again.status == 202)
            #expect(again["idempotent-replayed"] == "true")
            #expect(again.body == first.body)
            let other = try await Self.send(server, key: "k-1", limit: "2MB")
            #expect(other.status == 422)
            #expect(other.code == "idempotency_key_reused")
            #expect(try await Self.send(server, key: "k-2", limit: "2MB").status == 202)
            return first
        }
        #expect(try await bench.ledger.list(JobFilter()).count == 2)
        let id = try #require(first.jobIDs.first.flatMap { JobID($0) })
        #expect(try await bench.ledger.deliveries(of: id).count == 1)
        try await bench.ledger.close()
        try await JobBench(bench.folder).run { server in
            let again = try await Self.send(server, key: "k-1")
            #expect(again.body == first.body)
        }
    }

    @Test("While the first request is carried out, a repeated one is 409; a key that is none is 400")
    func inFlight() async throws {
        let bench = try await JobBench()
        let lock = try #require(try await bench.ledger.lock("request:k"))
        try await bench.run { server in
            let early = try await Self.send(server, key: "k")
            #expect(early.status == 409)
            #expect(early.code == "idempotency_key_in_use")
            #expect(early["retry-after"] == "1")
            try await bench.ledger.unlock(lock)
            #expect(try await Self.send(server, key: "k").status == 202)
            for key in ["", "a b", String(repeating: "k", count: 256)] {
                #expect(try await Self.send(server, key: key).code == "invalid_idempotency_key")
            }
        }
    }

    @Test("A request that failed may be repeated with its key, and is carried out then")
    func failed() async throws {
        let bench = try await JobBench()
        try await withServer(jobs: ServerJobs(bench.daemon, ledger: bench.ledger)) { server in
            let early = try await Self.send(server, key: "k")
            #expect(early.status == 503)
        }
        let status = try await bench.run { try await Self.send($0, key: "k").status }
        #expect(status == 202)
    }
}
