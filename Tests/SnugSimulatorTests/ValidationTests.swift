// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// What the providers refuse by field.
@Suite struct ValidationTests {
    static let elumenta: [(JSON, String)] = [
        (["model": "flux-1.1-pro"], "prompt"), (["model": "flux-1.1-pro", "prompt": "  "], "prompt"),
        (["prompt": "a"], "model"), (["model": "flux-1.1-pro", "prompt": "a", "promt": "b"], "promt"),
        (["model": "flux-1.1-pro", "prompt": "a", "params": ["size": "1x1"]], "params.size"),
        (["model": "flux-1.1-pro", "prompt": "a", "params": ["seed": "5"]], "params.seed"),
        (["model": "flux-1.1-pro", "prompt": "a", "params": []], "params"),
        (["model": "photon", "prompt": "a", "params": ["image_url": "http://a.test/b.png"]], "params.image_url"),
        (["model": "flux-kontext-pro", "prompt": "a", "params": ["image_url": "b.png"]], "params.image_url"),
    ]

    @Test("Elumenta names the field", arguments: elumenta)
    func elumentaFields(body: JSON, field: String) async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator).generate(body)
            #expect(answer.status == 422)
            #expect(answer.json?["details"]?["fields"]?.array?.contains { $0["field"]?.text == field } == true)
            #expect(simulator.ledger.entries.isEmpty)
        }
    }

    static let pollinations: [(JSON, String)] = [
        (["seed": 1], "prompt"), (["prompt": "a", "n": 2], "n"), (["prompt": "a", "seed": "1"], "seed"),
        (["prompt": "a", "size": "big"], "size"), (["prompt": "a", "sise": "1x1"], "sise"),
        (["prompt": "a", "image": "not a url"], "image"),
    ]

    @Test("Pollinations names the field", arguments: pollinations)
    func pollinationsFields(body: JSON, field: String) async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator).pollinations(body)
            #expect(answer.status == 400)
            #expect(answer.json?["error"]?["details"]?["fieldErrors"]?[field] != nil)
        }
    }

    static let openAI: [(JSON, String)] = [
        (["model": "gpt-image-1.5"], "prompt"), (["prompt": "a", "n": 11], "n"), (["prompt": "a", "n": "1"], "n"),
        (["prompt": "a", "size": "17x17"], "size"), (["prompt": "a", "sise": "1x1"], "sise"),
        (["prompt": "a", "response_format": "url"], "response_format"),
        (["prompt": "a", "partial_images": 4], "partial_images"),
    ]

    @Test("OpenAI names the parameter", arguments: openAI)
    func openAIFields(body: JSON, field: String) async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator).openAI(body)
            #expect(answer.status == 400)
            #expect(answer.json?["error"]?["param"]?.text == field)
        }
    }

    @Test("Unknown models are 404 with each provider")
    func unknownModels() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let body: JSON = ["model": "none", "prompt": "a"]
            #expect(try await client.generate(body).json?["error"] == "not_found")
            #expect(try await client.pollinations(body).json?["error"]?["code"] == "NOT_FOUND")
            #expect(try await client.openAI(body).json?["error"]?["code"] == "model_not_found")
        }
    }

    @Test("A prompt too long for the path is 414")
    func longPath() async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator).image(prompt: String(repeating: "a", count: 17_000))
            #expect(answer.status == 414)
        }
    }

    @Test("Results by URL come from the download host, and older models say so by themselves")
    func urlResults() async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator).openAI(["model": "vendor-diffusion", "prompt": "a"])
            let url = try #require(answer.json?["data"]?.array?.first?["url"]?.text)
            #expect(url.hasPrefix(simulator.addresses[.downloads]))
            #expect(try await Curl().run([url]).status == 200)
            simulator.clock.advance(by: .seconds(3600))
            #expect(try await Curl().run([url]).status == 403)
        }
    }
}
