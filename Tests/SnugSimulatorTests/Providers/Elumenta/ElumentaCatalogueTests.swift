// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// The catalogue: `GET /models` and `GET /models/{slug}`.
@Suite struct ElumentaCatalogueTests {
    /// The documented prices in tokens, least and greatest.
    static let priceTable: [(String, Int, Int)] = [
        ("photon-flash", 1, 1), ("photon", 1, 2), ("flux-kontext-pro", 3, 3), ("flux-1.1-pro", 4, 4),
        ("recraft-v3", 4, 4), ("dall-e-3", 5, 13), ("sd-3.5-large", 7, 7), ("gpt-image-1.5", 1, 21),
        ("midjourney-v6", 2, 35), ("midjourney-turbo", 2, 35), ("nano-banana-pro", 16, 32),
    ]

    @Test("A model states its documented prices", arguments: priceTable)
    func prices(slug: String, least: Int, greatest: Int) async throws {
        let model = try await DirectClient().elumenta("GET", "/models/\(slug)").json
        #expect(model?["slug"]?.text == slug)
        #expect(model?["token_cost"]?.integer == least)
        #expect(model?["min_token_cost"]?.integer == least)
        #expect(model?["max_token_cost"]?.integer == greatest)
    }

    @Test("Standard quality costs the least price and hd the greatest", arguments: priceTable)
    func charges(slug: String, least: Int, greatest: Int) async throws {
        for (quality, cost) in [("standard", least), ("hd", greatest)] {
            let client = DirectClient()
            let reply = try await client.elumenta(model: slug, ["quality": .text(quality)])
            #expect(reply.status == 200)
            #expect(client.ledger.total == Double(cost))
            #expect(client.providers.balance(account: "elite", service: .elumenta) == Double(1000 - cost))
        }
    }

    static let sizeTable: [(String, [String])] = [
        ("dall-e-3", ["1024x1024", "1024x1792", "1792x1024"]),
        ("flux-1.1-pro", ["1024x1024", "768x1344", "1344x768", "1024x1536", "1536x1024"]),
        ("sd-3.5-large", ["1024x1024", "768x1344", "1344x768"]),
    ]

    @Test("A model lists the documented sizes and draws each of them", arguments: sizeTable)
    func sizes(slug: String, sizes: [String]) async throws {
        let client = DirectClient()
        let model = try await client.elumenta("GET", "/models/\(slug)").json
        #expect(model?["config"]?["sizes"]?.array?.compactMap(\.text) == sizes)
        for size in sizes {
            let sides = size.split(separator: "x").compactMap { Int($0) }
            let metadata = try await client.elumenta(model: slug, ["size": .text(size)]).json?["result_metadata"]
            #expect(metadata?["width"]?.integer == sides[0])
            #expect(metadata?["height"]?.integer == sides[1])
        }
    }

    @Test("A size of another model is refused by a message that lists the valid ones", arguments: sizeTable)
    func foreignSizes(slug: String, sizes: [String]) async throws {
        let all = Set(Self.sizeTable.flatMap(\.1)).union(["512x512", "1024", "1024x", "x", "1024X1024", ""])
        for size in all.subtracting(sizes).sorted() {
            let reply = try await DirectClient().elumenta(model: slug, ["size": .text(size)])
            #expect(reply.status == 422)
            #expect(reply.faultyFields == ["params.size"])
            let message = reply.json?["details"]?["fields"]?.array?.first?["message"]?.text ?? ""
            #expect(sizes.allSatisfy { message.contains($0) })
        }
    }

    @Test("The list has every model, and needs no key")
    func list() async throws {
        let reply = try await DirectClient().elumenta("GET", "/models", key: nil)
        #expect(reply.status == 200)
        let slugs = reply.json?["items"]?.array?.compactMap { $0["slug"]?.text } ?? []
        #expect(slugs.sorted() == Self.priceTable.map(\.0).sorted())
    }

    @Test("A model has every documented member, each of its type")
    func members() async throws {
        let model = try #require(try await DirectClient().elumenta("GET", "/models/dall-e-3", key: nil).json)
        for name in ["slug", "name", "category", "provider", "min_plan", "description_en"] {
            #expect(model[name]?.text != nil)
        }
        #expect(model["supports_streaming"] == false)
        #expect(model["config"]?["formats"] == ["webp", "png", "jpeg"])
        #expect(model["config"]?["quality_options"] == ["standard", "hd"])
    }

    @Test("A model that does not exist is not found")
    func unknownModel() async throws {
        let reply = try await DirectClient().elumenta("GET", "/models/dall-e-9")
        #expect(reply.status == 404 && reply.word == "not_found")
    }

    static let strangers: [(String, String)] = [
        ("GET", "/generations"), ("GET", "/generate"), ("PUT", "/generate"), ("DELETE", "/generate/18491"),
        ("POST", "/balance"), ("GET", "/user/nobody"), ("POST", "/user/history"), ("POST", "/user/history/1/share"),
        ("GET", "/"), ("GET", "/generate/status/1/2"),
    ]

    @Test("What is no endpoint is not found, whoever asks", arguments: strangers)
    func unknownEndpoints(method: String, path: String) async throws {
        let reply = try await DirectClient().elumenta(method, path)
        #expect(reply.status == 404 && reply.word == "not_found")
        #expect(try await DirectClient().elumenta(method, path, key: nil).status == 401)
    }

    @Test(
        "The API is below /api/v2 only", arguments: ["/generate", "/api/v1/generate", "/v2/generate", "/api/generate"])
    func prefix(path: String) async throws {
        let client = DirectClient()
        let body: JSON = ["model": "photon", "prompt": "a"]
        #expect(try await client.post(.elumenta, path, body, key: Client.elite).status == 404)
        #expect(client.ledger.entries.isEmpty)
    }
}
