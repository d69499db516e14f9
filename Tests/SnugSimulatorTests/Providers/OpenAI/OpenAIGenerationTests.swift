// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// `POST /images/generations`: parameters that are taken and refused.
@Suite struct OpenAIGenerationTests {
    private func body(_ members: JSON) -> JSON {
        (members.object ?? [:]).reduce(["prompt": "a cat"] as JSON) { $0.with($1.key, $1.value) }
    }

    // MARK: Refused

    static let valueTable: [(JSON, String)] = [
        (["n": 0], "n"), (["n": 11], "n"), (["n": -1], "n"), (["size": "1024x1536x1"], "size"), (["size": ""], "size"),
        (["size": "512x512"], "size"), (["size": "1792x1024"], "size"), (["quality": "hd"], "quality"),
        (["quality": "standard"], "quality"), (["quality": "xhigh"], "quality"),
        (["background": "white"], "background"), (["output_format": "gif"], "output_format"),
        (["output_format": "jpg"], "output_format"), (["output_compression": 101], "output_compression"),
        (["output_compression": -1], "output_compression"), (["partial_images": 4], "partial_images"),
        (["partial_images": -1], "partial_images"), (["moderation": "high"], "moderation"), (["prompt": ""], "prompt"),
        (["background": "transparent", "output_format": "jpeg"], "background"),
        (["model": "vendor-diffusion", "stream": true], "stream"),
        (["model": "vendor-diffusion", "quality": "low"], "quality"),
        (["model": "vendor-diffusion", "size": "1536x1024"], "size"),
        (["model": "vendor-diffusion", "style": "bold"], "style"),
        (["model": "vendor-diffusion", "response_format": "json"], "response_format"),
    ]

    @Test("A value out of bounds is an invalid value of its parameter, and costs nothing", arguments: valueTable)
    func values(members: JSON, parameter: String) async throws {
        let client = DirectClient()
        let reply = try await client.openAI(body(members))
        #expect(reply.status == 400 && reply.code == "invalid_value")
        #expect(reply.json?["error"]?["param"]?.text == parameter)
        #expect(reply.json?["error"]?["type"] == "invalid_request_error")
        #expect(client.ledger.entries.isEmpty)
    }

    static let typeTable: [(String, JSON)] = [
        ("prompt", 5), ("prompt", ["a"]), ("model", 5), ("n", "1"), ("n", 1.5), ("n", true), ("size", 1024),
        ("size", ["1024x1024"]), ("quality", 1), ("background", false), ("output_format", 1),
        ("output_compression", "50"), ("stream", "true"), ("stream", 1), ("partial_images", "2"), ("moderation", 1),
    ]

    @Test("A value of the wrong type is an invalid type", arguments: typeTable)
    func types(parameter: String, value: JSON) async throws {
        let reply = try await DirectClient().openAI(body([:]).with(parameter, value))
        #expect(reply.status == 400 && reply.code == "invalid_type")
        #expect(reply.json?["error"]?["param"]?.text == parameter)
    }

    @Test(
        "What the endpoint does not have is an unknown parameter",
        arguments: [
            ("input_fidelity", "high"), ("image", "https://a.test/b.png"), ("mask", "x"), ("negative_prompt", "dogs"),
            ("seed", 5), ("Size", "1024x1024"), ("response_format", "b64_json"), ("style", "vivid"),
        ] as [(String, JSON)])
    func strangers(parameter: String, value: JSON) async throws {
        let reply = try await DirectClient().openAI(body([:]).with(parameter, value))
        #expect(reply.status == 400 && reply.code == "unknown_parameter")
        #expect(reply.json?["error"]?["param"]?.text == parameter)
    }

    @Test(
        "A missing prompt has a code of its own; null is as good as missing",
        arguments: [[:], ["prompt": nil]] as [JSON])
    func missingPrompt(body: JSON) async throws {
        let reply = try await DirectClient().openAI(body)
        #expect(reply.status == 400 && reply.code == "missing_required_parameter")
        #expect(reply.json?["error"]?["param"] == "prompt")
    }

    @Test("A prompt has at most 32,000 characters", arguments: [(32_000, 200), (32_001, 400)])
    func promptLength(count: Int, status: Int) async throws {
        for character in ["a", "é", "猫"] {
            let prompt = String(repeating: character, count: count)
            #expect(try await DirectClient().openAI(["prompt": .text(prompt)]).status == status)
        }
    }

    static let unreadableTable: [(String, String, Int)] = [
        ("application/json", "", 400), ("application/json", "{", 400), ("application/json", "[]", 400),
        ("application/json", "null", 400), ("text/plain", #"{"prompt": "a"}"#, 415), ("", #"{"prompt": "a"}"#, 415),
        ("multipart/form-data; boundary=X", "--X--\r\n", 415),
        ("application/x-www-form-urlencoded", "prompt=a", 415),
    ]

    @Test("A body that is no JSON is 400, another content type 415", arguments: unreadableTable)
    func unreadable(type: String, body: String, status: Int) async throws {
        let client = DirectClient()
        let reply = try await client.send(
            "POST", .openai, "/v1/images/generations", key: "sk-main", headers: ["Content-Type": type],
            body: Array(body.utf8))
        #expect(reply.status == status)
        #expect(reply.json?["error"]?["type"] == "invalid_request_error")
        #expect(reply.json?["error"]?["param"] == .null && reply.json?["error"]?["code"] == .null)
        #expect(client.ledger.entries.isEmpty)
    }

    // MARK: Sizes

    static let freeSizeTable: [(String, Bool)] = [
        ("auto", true), ("1024x1024", true), ("1536x1024", true), ("16x16", true), ("16x48", true), ("48x16", true),
        ("3840x2160", true), ("2160x3840", true), ("2160x2160", true), ("3072x1024", true), ("1024x3072", true),
        ("16x64", false), ("64x16", false), ("1000x1000", false), ("1024x1000", false), ("3856x2160", false),
        ("3840x2176", false), ("2176x2176", false), ("0x0", false), ("-16x16", false), ("16", false), ("16x", false),
        ("x16", false), ("16x16x16", false), ("1024 x 1024", false), ("1e3x1024", false), ("1024×1024", false),
    ]

    @Test("The newest model draws multiples of 16, no flatter than 3:1, up to 3840x2160", arguments: freeSizeTable)
    func freeSizes(size: String, isDrawn: Bool) async throws {
        let reply = try await DirectClient().openAI(body(["model": "gpt-image-2", "size": .text(size)]))
        #expect(reply.status == (isDrawn ? 200 : 400))
        if isDrawn { #expect(reply.json?["size"]?.text == (size == "auto" ? "1024x1024" : size)) }
    }

    @Test(
        "GPT image models draw three sizes", arguments: ["gpt-image-1.5", "gpt-image-1-mini"],
        ["1024x1024", "1536x1024", "1024x1536", "auto"])
    func threeSizes(model: String, size: String) async throws {
        let reply = try await DirectClient().openAI(body(["model": .text(model), "size": .text(size)]))
        #expect(reply.status == 200)
        #expect(reply.json?["size"]?.text == (size == "auto" ? "1024x1024" : size))
    }

    // MARK: Taken

    static let takenTable: [JSON] = [
        ["n": 1], ["n": 10], ["n": nil], ["quality": "low"], ["quality": "medium"], ["quality": "high"],
        ["quality": "auto"], ["model": "gpt-image-2", "quality": "xhigh"], ["model": "gpt-image-2", "quality": "max"],
        ["background": "transparent"], ["background": "transparent", "output_format": "webp"],
        ["background": "opaque", "output_format": "jpeg"], ["background": "auto"],
        ["output_format": "webp", "output_compression": 0], ["output_format": "jpeg", "output_compression": 100],
        ["moderation": "low"], ["moderation": "auto"], ["user": "u1"], ["safety_identifier": "u1"], ["stream": false],
        ["partial_images": 0], ["model": "vendor-diffusion", "quality": "hd", "style": "natural"],
        ["model": "vendor-diffusion", "size": "512x512", "response_format": "b64_json"],
        ["model": "vendor-diffusion", "response_format": "url"],
    ]

    @Test("Documented parameters are taken", arguments: takenTable)
    func taken(members: JSON) async throws {
        let reply = try await DirectClient().openAI(body(members))
        #expect(reply.status == 200)
    }

    // MARK: Routes and keys

    static let modelTable = ["gpt-image-1.5", "gpt-image-1-mini", "gpt-image-2", "vendor-diffusion"]

    @Test("Models are listed and found one by one")
    func models() async throws {
        let client = DirectClient()
        let list = try await client.get(.openai, "/v1/models", key: "sk-main").json
        #expect(list?["object"] == "list")
        #expect(list?["data"]?.array?.compactMap { $0["id"]?.text } == Self.modelTable)
        for model in Self.modelTable {
            let one = try await client.get(.openai, "/v1/models/\(model)", key: "sk-main").json
            #expect(one?["id"]?.text == model && one?["object"] == "model" && one?["created"]?.integer != nil)
        }
        let none = try await client.get(.openai, "/v1/models/gpt-5", key: "sk-main")
        #expect(none.status == 404 && none.code == "model_not_found" && none.json?["error"]?["param"] == "model")
    }

    static let strangerTable: [(String, String)] = [
        ("GET", "/v1/images/generations"), ("PUT", "/v1/images/edits"), ("POST", "/v1/images"),
        ("POST", "/v1/images/variations"), ("POST", "/images/generations"), ("POST", "/v2/images/generations"),
        ("POST", "/v1/v1/images/generations"), ("POST", "/v1/models"), ("GET", "/"), ("GET", "/models"),
        ("DELETE", "/v1/models/gpt-image-2"),
    ]

    @Test("What is no endpoint below /v1 is 404 by method and path, and draws nothing", arguments: strangerTable)
    func strangers(method: String, path: String) async throws {
        let client = DirectClient()
        let reply = try await client.send(
            method, .openai, path, key: "sk-main", headers: ["Content-Type": "application/json"],
            body: Array(#"{"prompt": "a"}"#.utf8))
        #expect(reply.status == 404)
        #expect(reply.json?["error"]?["message"]?.text == "Invalid URL (\(method) \(path))")
        #expect(client.ledger.entries.isEmpty)
    }

    @Test(
        "Without a key that it knows, no route answers", arguments: [nil, "", "sk-none", "sk-main2"], ["GET", "POST"])
    func keys(key: String?, method: String) async throws {
        let path = method == "GET" ? "/v1/models" : "/v1/images/generations"
        let reply = try await DirectClient().send(method, .openai, path, key: key)
        #expect(reply.status == 401 && reply.code == "invalid_api_key")
        #expect(reply.json?["error"]?["type"] == "invalid_request_error")
        #expect(reply.headers["x-request-id"]?.hasPrefix("req_") == true)
    }
}
