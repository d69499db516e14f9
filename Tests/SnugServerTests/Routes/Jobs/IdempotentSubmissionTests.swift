// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// `Idempotency-Key` as clients send it, over connections of their own.
@Suite struct IdempotentSubmissionTests {
    private static let key = [("Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324")]

    @Test("Equal requests at once make one job: each gets it, or is told that another is at work")
    func concurrent() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let responses = try await withThrowingTaskGroup(of: RawResponse.self) { group in
                for _ in 0..<10 {
                    group.addTask { try await server.send("POST", "/v1/jobs", Self.key, body: TestImage.small) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let taken = responses.filter { $0.status == 202 }
            #expect(!taken.isEmpty)
            #expect(Set(taken.flatMap(\.jobIDs)).count == 1)
            #expect(taken.count { $0["idempotent-replayed"] == nil } == 1)
            for refused in responses where refused.status != 202 {
                #expect(refused.status == 409)
                #expect(refused.code == "idempotency_key_in_use")
                #expect(refused["retry-after"] == "1")
            }
        }
        #expect(try await bench.ledger.list(JobFilter()).count == 1)
    }

    @Test("The key of one request is refused for another one, and known to the next process")
    func reused() async throws {
        let first = try await JobBench()
        let kept = try await first.run { server in
            let kept = try await server.send("POST", "/v1/jobs?max-side=8", Self.key, body: TestImage.small)
            #expect(kept.status == 202)
            for (path, body) in [
                ("/v1/jobs?max-side=9", TestImage.small), ("/v1/jobs", TestImage.small),
                ("/v1/jobs?max-side=8", TestImage.noise(width: 9, height: 9)),
            ] {
                let other = try await server.send("POST", path, Self.key, body: body)
                #expect(other.status == 422)
                #expect(other.code == "idempotency_key_reused")
            }
            // The same request in another form is the same request.
            let quoted = [("Idempotency-Key", "\"\(Self.key[0].1)\"")]
            let form = try await server.submit(
                [("name=\"max-side\"", Array("8".utf8)), ("name=\"image\"", TestImage.small)], "", quoted)
            #expect(form["idempotent-replayed"] == "true")
            #expect(form.body == kept.body)
            return kept
        }
        try await first.ledger.close()
        let second = try await JobBench(first.folder)
        try await second.run { server in
            let again = try await server.send("POST", "/v1/jobs?max-side=8", Self.key, body: TestImage.small)
            #expect(again.status == 202)
            #expect(again["idempotent-replayed"] == "true")
            #expect(again.body == kept.body)
        }
        #expect(try await second.ledger.list(JobFilter()).count == 1)
    }

    @Test(
        "A key that is none is refused before anything is put in",
        arguments: ["", "\"\"", "a b", "\u{e4}", String(repeating: "k", count: 256), "a\tb"])
    func badKeys(key: String) async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let response = try await server.send("POST", "/v1/jobs", [("Idempotency-Key", key)], body: TestImage.small)
            #expect(response.status == 400)
            #expect(response.code == "invalid_idempotency_key")
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }
}
