// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
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

    /// A bench whose configuration has one folder, or none any more.
    private static func bench(_ folder: TemporaryFolder, hasFolder: Bool) async throws -> JobBench {
        try await JobBench(folder) { configuration in
            guard hasFolder else { return }
            let inbox = folder.path.appending("one")
            try? FileSystem.makeFolders(inbox, mode: 0o700)
            configuration.folders = [WatchFolder(inbox: inbox, outbox: folder.path.appending("out"), pipeline: .fit)]
        }
    }

    @Test(
        "When a pipeline is gone, what was answered is answered again, and an upload for it is told so when it is whole"
    )
    func pipelineIsGone() async throws {
        let folder = try TemporaryFolder()
        let image = TestImage.small
        let first = try await Self.bench(folder, hasFolder: true)
        let (kept, path) = try await first.run { server in
            let kept = try await server.send("POST", "/v1/jobs?pipeline=one", Self.key, body: image)
            #expect(kept.status == 202)
            let upload = try await server.createUpload(length: image.count, "?pipeline=one")
            return (kept, try #require(upload["location"]))
        }
        try await first.ledger.close()
        let second = try await Self.bench(folder, hasFolder: false)
        try await second.run { server in
            let again = try await server.send("POST", "/v1/jobs?pipeline=one", Self.key, body: image)
            #expect(again.status == 202 && again.body == kept.body)
            #expect(again["idempotent-replayed"] == "true")
            let last = try await server.sendPart(path, image, at: 0)
            #expect(last.status == 400 && last.code == "invalid_parameter", "\(last.text)")
            let state = try await server.send("HEAD", path, [TestServer.tus])
            #expect(state["upload-offset"] == "\(image.count)" && state["snug-job"] == nil)
            #expect(state["snug-error"] == "invalid_parameter")
        }
        try await second.ledger.close()
        // The folder is back: the bytes were safe.
        let third = try await Self.bench(folder, hasFolder: true)
        try await third.run { server in
            while try await server.send("HEAD", path, [TestServer.tus])["snug-job"] == nil {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("A server without jobs says so at their addresses")
    func withoutJobs() async throws {
        try await withServer { server in
            for (method, path) in [
                ("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("POST", "/v1/uploads"), ("GET", "/v1/jobs/a"),
            ] {
                let response = try await server.send(method, path, body: method == "POST" ? [] : nil)
                #expect(response.status == 404 && response.code == "no_jobs", "\(path)")
                #expect(response.json["message"]?.text?.contains("--no-jobs") == true)
            }
        }
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
