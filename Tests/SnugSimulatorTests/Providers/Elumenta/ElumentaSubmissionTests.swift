// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// `POST /generate`: what is taken, what is refused and by which field.
@Suite struct ElumentaSubmissionTests {
    static let refusedTable: [(String, JSON, [String])] = [
        ("flux-1.1-pro", ["format": "gif"], ["params.format"]), ("flux-1.1-pro", ["format": "jpg"], ["params.format"]),
        ("flux-1.1-pro", ["format": 1], ["params.format"]), ("flux-1.1-pro", ["quality": "high"], ["params.quality"]),
        ("flux-1.1-pro", ["size": 1024], ["params.size"]), ("flux-1.1-pro", ["style": "vivid"], ["params.style"]),
        ("dall-e-3", ["style": "dramatic"], ["params.style"]),
        ("flux-1.1-pro", ["aspect_ratio": "1:1"], ["params.aspect_ratio"]),
        ("midjourney-v6", ["aspect_ratio": "4:3"], ["params.aspect_ratio"]),
        ("midjourney-v6", ["size": "1024x1792"], ["params.size"]),
        ("flux-1.1-pro", ["negative_prompt": 5], ["params.negative_prompt"]),
        ("flux-1.1-pro", ["seed": 1.5], ["params.seed"]), ("flux-1.1-pro", ["seed": true], ["params.seed"]),
        ("photon", ["duration": "5"], ["params.duration"]), ("photon", ["duration": 7], ["params.duration"]),
        ("photon", ["image_url": "https://a.test/b.png"], ["params.image_url"]),
        ("flux-kontext-pro", ["image_url": "ftp://a.test/b.png"], ["params.image_url"]),
        ("flux-kontext-pro", ["image_url": "https://"], ["params.image_url"]),
        ("flux-kontext-pro", ["image_url": "https://a.test/b c.png"], ["params.image_url"]),
        ("flux-kontext-pro", ["image_url": "data:image/png;base64,AQID"], ["params.image_url"]),
        ("flux-kontext-pro", ["image_url": ["https://a.test/b.png"]], ["params.image_url"]),
        ("flux-1.1-pro", ["colour": "red"], ["params.colour"]),
        ("flux-1.1-pro", ["colour": "red", "size": "1x1"], ["params.colour", "params.size"]),
    ]

    @Test("An option that the model does not take is named, and nothing is charged", arguments: refusedTable)
    func refused(model: String, params: JSON, fields: [String]) async throws {
        let client = DirectClient()
        let reply = try await client.elumenta(model: model, params)
        #expect(reply.status == 422 && reply.word == "validation_error")
        #expect(reply.faultyFields == fields)
        #expect(reply.json?["details"]?["fields"]?.array?.allSatisfy { $0["message"]?.text?.isEmpty == false } == true)
        #expect(client.ledger.entries.isEmpty)
        #expect(client.providers.balance(account: "elite", service: .elumenta) == 1000)
    }

    static let takenTable: [(String, JSON)] = [
        ("flux-1.1-pro", [:]), ("flux-1.1-pro", ["negative_prompt": "dogs", "seed": 7]),
        ("flux-1.1-pro", ["seed": -1]), ("dall-e-3", ["style": "vivid"]), ("dall-e-3", ["style": "natural"]),
        ("midjourney-v6", ["aspect_ratio": "1:1"]), ("midjourney-v6", ["aspect_ratio": "2:3"]),
        ("midjourney-turbo", ["aspect_ratio": "3:2"]), ("midjourney-turbo", ["aspect_ratio": "9:16"]),
        ("midjourney-v6", ["aspect_ratio": "16:9"]), ("photon", ["duration": 5]), ("photon", ["duration": 10]),
        ("flux-kontext-pro", ["image_url": "https://a.test/b.png"]),
        ("sd-3.5-large", ["image_url": "http://a.test/b.png?sig=1&x=%20"]), ("gpt-image-1.5", ["quality": "hd"]),
    ]

    @Test("Documented options are taken, in params and beside it", arguments: takenTable)
    func taken(model: String, params: JSON) async throws {
        let client = DirectClient()
        #expect(try await client.elumenta(model: model, params).status == 200)
        var flat: JSON = ["model": .text(model), "prompt": "a cat"]
        for (name, value) in params.object ?? [:] { flat = flat.with(name, value) }
        #expect(try await client.elumenta(flat).status == 200)
        let entries = client.ledger.entries
        #expect(entries.count == 2 && entries[0].cost == entries[1].cost && entries[0].seed == entries[1].seed)
        #expect(entries[0].requestDigest != entries[1].requestDigest)
    }

    @Test("An option in params outranks the same beside it")
    func paramsOutrank() async throws {
        let body: JSON = [
            "model": "dall-e-3", "prompt": "a", "size": "1024x1792", "params": ["size": "1792x1024"],
        ]
        let metadata = try await DirectClient().elumenta(body).json?["result_metadata"]
        #expect(metadata?["width"] == 1792 && metadata?["height"] == 1024)
    }

    @Test("A model takes an image exactly when the documentation says so")
    func imageModels() async throws {
        let params: JSON = ["image_url": "https://a.test/b.png"]
        for model in ElumentaModel.all {
            let status = try await DirectClient().elumenta(model: model.slug, params).status
            let takesImage = ["flux-kontext-pro", "sd-3.5-large", "gpt-image-1.5", "nano-banana-pro"]
            #expect(status == (takesImage.contains(model.slug) ? 200 : 422))
        }
    }

    // MARK: Bodies

    static let unreadableTable: [(String, String)] = [
        ("application/json", ""), ("application/json", "{"), ("application/json", "[]"), ("application/json", "5"),
        ("text/plain", #"{"model": "photon", "prompt": "a"}"#), ("", #"{"model": "photon", "prompt": "a"}"#),
        ("multipart/form-data; boundary=X", "--X--\r\n"),
    ]

    @Test("A body that is no JSON object, or does not say that it is one, is a bad request", arguments: unreadableTable)
    func unreadable(type: String, body: String) async throws {
        let client = DirectClient()
        let reply = try await client.send(
            "POST", .elumenta, "/api/v2/generate", key: Client.elite, headers: ["Content-Type": type],
            body: Array(body.utf8))
        #expect(reply.status == 400 && reply.word == "bad_request")
        #expect(client.ledger.entries.isEmpty)
    }

    @Test(
        "The content type may have parameters and capitals",
        arguments: ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=utf-8"])
    func contentTypes(type: String) async throws {
        let body: JSON = ["model": "photon", "prompt": "a"]
        let reply = try await DirectClient().send(
            "POST", .elumenta, "/api/v2/generate", key: Client.elite, headers: ["Content-Type": type], body: body.bytes)
        #expect(reply.status == 200)
    }

    @Test("Every fault of a request is reported at once")
    func allFaults() async throws {
        let body: JSON = ["model": "photon", "prompt": "", "size": "1x1", "zebra": 1, "params": ["quality": "best"]]
        let reply = try await DirectClient().elumenta(body)
        #expect(Set(reply.faultyFields) == ["prompt", "params.size", "zebra", "params.quality"])
    }

    @Test("A model that is unknown is not found, whatever else is wrong")
    func unknownModel() async throws {
        let reply = try await DirectClient().elumenta(model: "dall-e-9", ["size": "1x1"])
        #expect(reply.status == 404 && reply.word == "not_found")
        #expect(reply.json?["message"]?.text?.contains("dall-e-9") == true)
    }

    // MARK: Responses

    @Test("A response has every documented member, each of its type")
    func members() async throws {
        let reply = try await DirectClient().elumenta(model: "flux-1.1-pro", ["format": "png"])
        let body = try #require(reply.json?.object)
        let names = [
            "id", "status", "model_slug", "result_url", "result_text", "thumbnail_url", "error", "tokens_spent",
            "processing_ms", "result_metadata",
        ]
        #expect(Set(body.keys) == Set(names))
        #expect(body["id"]?.integer != nil)
        #expect(body["model_slug"] == "flux-1.1-pro")
        #expect(body["error"] == .null && body["result_text"] == .null && body["thumbnail_url"] == .null)
        #expect(body["processing_ms"]?.integer == 0)
        #expect(reply.headers["Content-Type"] == "application/json")
    }

    static let formatTable: [(JSON, String, String)] = [
        ([:], "webp", "image/webp"), (["format": "webp"], "webp", "image/webp"),
        (["format": "png"], "png", "image/png"), (["format": "jpeg"], "jpg", "image/jpeg"),
    ]

    @Test("The result lies on another host, named and labelled by its format; WebP by default", arguments: formatTable)
    func formats(params: JSON, ending: String, type: String) async throws {
        let client = DirectClient()
        let url = try await client.elumenta(model: "photon", params).json?["result_url"]?.text ?? ""
        #expect(url.hasPrefix("http://downloads.test/generations/"))
        #expect(url.hasSuffix(".\(ending)"))
        let file = try await client.download(url)
        #expect(file.status == 200 && file.headers["Content-Type"] == type)
        #expect(ImageSniffer(bytes: file.bytes).format == type.split(separator: "/").last.map(String.init))
    }

    @Test("The same seed makes the same image, another seed another, and no seed a new one each time")
    func seeds() async throws {
        let client = DirectClient()
        func bytes(_ params: JSON) async throws -> [UInt8] {
            let url = try await client.elumenta(model: "photon", params).json?["result_url"]?.text ?? ""
            return try await client.download(url).bytes
        }
        let first = try await bytes(["seed": 5])
        #expect(try await bytes(["seed": 5]) == first)
        #expect(try await bytes(["seed": 6]) != first)
        #expect(try await bytes([:]) != bytes([:]))
    }
}
