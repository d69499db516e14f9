// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugGeneration
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSimulator
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

/// Images that are put in over HTTP for the pipelines of configured folders.
@Suite(.serialized) struct PipelineRouteTests {
    private static let noise = TestImage.noise(width: 300, height: 200)

    /// A bench with a folder that fits, one that generates, and one that generates only with a prompt of the request's.
    private static func withBench(
        _ body: @escaping @Sendable (JobBench, Simulator, TestServer) async throws -> Void
    ) async throws {
        try await Simulator.with(Simulator.Configuration()) { simulator in
            let folder = try TemporaryFolder()
            let key = try folder.write(Array("sk_paid".utf8), to: "key")
            let bench = try await JobBench(folder) { configuration in
                var account = Account(name: "main", provider: .pollinations)
                account.baseURL = simulator.addresses.base[.pollinations]
                account.key = .file(key)
                configuration.accounts = [account]
                configuration.folders = ["shop", "art", "free"].map { name in
                    let pipeline = name == "shop" ? Pipeline.fit : Pipeline([.fit, .generate]) ?? .fit
                    return WatchFolder(
                        inbox: folder.path.appending("inbox/\(name)"), outbox: folder.path.appending("outbox/\(name)"),
                        pipeline: pipeline)
                }
                configuration.folders[0].limits.byteLimit = 9000
                configuration.folders[1].generation = GenerationSettings(account: "main", prompt: "a lighthouse")
                configuration.folders[2].generation = GenerationSettings(account: "main")
                for settings in configuration.folders { try? FileSystem.makeFolders(settings.inbox, mode: 0o700) }
            }
            try await bench.run { server in try await body(bench, simulator, server) }
        }
    }

    @Test("The pipelines of the configuration are listed with what they need")
    func list() async throws {
        try await Self.withBench { _, _, server in
            let list = try await server.send("/v1/pipelines").json["pipelines"]?.elements ?? []
            #expect(list.map { $0["name"]?.text } == ["shop", "art", "free"])
            #expect(list[0]["limit_bytes"] == .integer(9000))
            #expect(list[0]["account"] == nil && list[1]["account"]?.text == "main")
            #expect(list[1]["stages"]?.elements.map(\.text) == ["fit", "generate"])
            #expect(list.map { $0["needs_prompt"] } == [.flag(false), .flag(false), .flag(true)])
            #expect(try await server.send("/v1/pipelines?x=1").code == "unknown_parameter")
        }
    }

    @Test("A generation is asked for, paid for once, and its result comes back over HTTP, not into the outbox")
    func generates() async throws {
        try await Self.withBench { bench, simulator, server in
            let query = "?pipeline=art&prompt=a+red+house&max-side=200"
            let response = try await server.send("POST", "/v1/jobs\(query)", body: Self.noise)
            #expect(response.status == 202, "\(response.text)")
            let id = try #require(response.jobIDs.first)
            let job = try await server.job(id)
            #expect(job["folder"]?.text == "http" && job["account"]?.text == "main")
            let result = try await server.send("/v1/jobs/\(id)/result")
            #expect(result.status == 200 && result["content-type"]?.hasPrefix("image/") == true)
            #expect(!result.body.isEmpty && result.body != Self.noise)
            #expect(simulator.ledger.charges.map(\.prompt) == ["a red house"])
            #expect(try FolderListing.names(in: bench.folder.path.appending("inbox/art")).isEmpty)
            #expect((try? FolderListing.names(in: bench.folder.path.appending("outbox/art"))) ?? [] == [])
            // The same work again is the same job, and costs nothing.
            #expect(try await server.send("POST", "/v1/jobs\(query)", body: Self.noise).jobIDs == [id])
            #expect(simulator.ledger.charges.count == 1)
        }
    }

    @Test("Items of one request may name different pipelines, each with options of its own")
    func items() async throws {
        try await Self.withBench { _, simulator, server in
            let image = Data(Self.noise).base64EncodedString()
            let body = """
                [{"name": "a.png", "data": "\(image)", "pipeline": "shop", "format": "jpeg"},
                 {"name": "b.png", "data": "\(image)", "pipeline": "free", "prompt": "a boat", "n": 1,
                  "options": {"quality": "high"}}]
                """
            let response = try await server.send(
                "POST", "/v1/jobs", [("Content-Type", "application/json")], body: Array(body.utf8))
            #expect(response.status == 202, "\(response.text)")
            for id in response.jobIDs { _ = try await server.job(id) }
            let fitted = try await server.send("/v1/jobs/\(response.jobIDs[0])/result")
            #expect(fitted["content-type"] == "image/jpeg" && (1...9000).contains(fitted.body.count))
            #expect(simulator.ledger.charges.map(\.prompt) == ["a boat"])
        }
    }

    @Test("Of several images nothing is put in, and nothing paid for, when one has options that cannot be used")
    func allOrNone() async throws {
        try await Self.withBench { bench, simulator, server in
            let image = Data(Self.noise).base64EncodedString()
            for (second, words) in [
                ("\"pipeline\": \"free\"", "there is no prompt"),
                ("\"pipeline\": \"art\", \"provider\": \"man\"", "did you mean \\\"main\\\"?"),
                ("\"pipeline\": \"art\", \"n\": 0", "\\\"n\\\" is 0"),
                ("\"pipeline\": \"art\", \"size\": \"big\"", "no size such as 1024x1024"),
                ("\"pipeline\": \"art\", \"options\": {\"a\": []}", "has to be text, a number or a flag"),
                ("\"pipeline\": \"shop\", \"options\": {}", "is no parameter"),
            ] {
                let body = """
                    [{"data": "\(image)", "pipeline": "art"}, {"data": "\(image)", \(second)}]
                    """
                let response = try await server.send(
                    "POST", "/v1/jobs", [("Content-Type", "application/json")], body: Array(body.utf8))
                #expect(response.status == 400)
                #expect(response.text.contains(words), "\(response.text)")
                #expect(!response.text.contains("sidecar"))
            }
            #expect(try await bench.ledger.list(JobFilter()).isEmpty && simulator.ledger.charges.isEmpty)
        }
    }

    @Test("An upload in parts may name a pipeline, and a wrong one is refused before the first byte")
    func uploads() async throws {
        try await Self.withBench { _, simulator, server in
            let wrong = try await server.createUpload(length: Self.noise.count, "?pipeline=free")
            #expect(wrong.status == 400 && wrong.text.contains("there is no prompt"))
            let created = try await server.createUpload(length: Self.noise.count, "?pipeline=free&prompt=a+ship")
            #expect(created.status == 201 && simulator.ledger.charges.isEmpty)
            let place = try #require(created["location"]?.firstRange(of: "/v1/uploads/"))
            let path = String(try #require(created["location"])[place.lowerBound...])
            #expect(try await server.sendPart(path, Self.noise, at: 0).status == 204)
            var jobs: [JSONValue] = []
            while jobs.isEmpty { jobs = try await server.send("/v1/jobs").json["jobs"]?.elements ?? [] }
            _ = try await server.job(try #require(jobs.first?["id"]?.text))
            #expect(simulator.ledger.charges.map(\.prompt) == ["a ship"])
        }
    }
}
