// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// `POST /v1/images/generations` and `/v1/images/edits`.
@Suite struct PollinationsPostTests {
    private static let png = FlatImage(width: 8, height: 8, seed: 1).bytes(.png)

    private func edit(_ client: DirectClient, _ body: JSON) async throws -> Reply {
        try await client.post(.pollinations, "/v1/images/edits", body, key: "sk_paid")
    }

    private func edit(_ client: DirectClient, _ form: Form) async throws -> Reply {
        try await client.post(.pollinations, "/v1/images/edits", form, key: "sk_paid")
    }

    // MARK: Generations

    static let refusedTable: [(String, JSON)] = [
        ("prompt", ""), ("prompt", 5), ("prompt", nil), ("model", 5), ("n", 0), ("n", 2), ("n", "1"), ("n", 1.5),
        ("size", "1024"), ("size", "x"), ("size", "1024x"), ("size", "0x0"), ("size", "-1x1"), ("size", "1x1x1"),
        ("size", 1024), ("quality", "best"), ("quality", 1), ("response_format", "json"), ("response_format", 1),
        ("image", ""), ("image", []), ("image", 5), ("image", "b.png"), ("image", ["https://a.test/b.png", "c.png"]),
        ("image", [["image_url": "https://a.test/b.png"]]), ("image", "data:image/png;base64,AQID"), ("seed", "5"),
        ("seed", 1.5), ("safe", "true"), ("transparent", 1), ("user", 5), ("resolution", 2), ("stream", true),
        ("negative_prompt", "dogs"), ("Prompt", "a"),
    ]

    @Test("A field of the wrong type or value is named, and nothing is charged", arguments: refusedTable)
    func refused(field: String, value: JSON) async throws {
        let client = DirectClient()
        let reply = try await client.pollinations((["prompt": "a"] as JSON).with(field, value))
        #expect(reply.status == 400 && reply.code == "BAD_REQUEST")
        #expect(reply.fieldErrors == [field])
        #expect(client.ledger.entries.isEmpty)
    }

    static let takenTable: [(String, JSON)] = [
        ("model", "zimage"), ("n", 1), ("size", "64x32"), ("quality", "standard"), ("quality", "hd"),
        ("quality", "low"), ("quality", "medium"), ("quality", "high"), ("response_format", "b64_json"),
        ("response_format", "url"), ("user", "u1"), ("image", "https://a.test/b.png"),
        ("image", ["https://a.test/b.png", "https://a.test/c.png"]), ("seed", 5), ("seed", -1), ("safe", true),
        ("transparent", false), ("guidance_scale", 3.5), ("resolution", "2k"),
    ]

    @Test("Documented fields are taken", arguments: takenTable)
    func taken(field: String, value: JSON) async throws {
        let client = DirectClient()
        let reply = try await client.pollinations((["prompt": "a"] as JSON).with(field, value))
        #expect(reply.status == 200 && client.ledger.charges.count == 1)
    }

    @Test("A prompt has 1 to 32,000 characters", arguments: [(0, 400), (1, 200), (32_000, 200), (32_001, 400)])
    func promptLength(count: Int, status: Int) async throws {
        let prompt = String(repeating: "é", count: count)
        #expect(try await DirectClient().pollinations(["prompt": .text(prompt)]).status == status)
    }

    @Test("All faults are reported at once")
    func allFaults() async throws {
        let reply = try await DirectClient().pollinations(["n": 2, "size": "big", "quality": "best", "zebra": 1])
        #expect(reply.fieldErrors == ["n", "prompt", "quality", "size", "zebra"])
    }

    static let unreadableTable: [(String, String)] = [
        ("application/json", ""), ("application/json", "{"), ("application/json", "[]"), ("text/plain", "{}"),
        ("", #"{"prompt": "a"}"#), (Form.contentType, "--X--\r\n"),
    ]

    @Test("A body that is no JSON object is a bad request", arguments: unreadableTable)
    func unreadable(type: String, body: String) async throws {
        let reply = try await DirectClient().send(
            "POST", .pollinations, "/v1/images/generations", key: "sk_paid", headers: ["Content-Type": type],
            body: Array(body.utf8))
        #expect(reply.status == 400 && reply.code == "BAD_REQUEST")
    }

    @Test("A response has OpenAI's shape, in base64 by default")
    func base64() async throws {
        let reply = try await DirectClient().pollinations(["prompt": "a", "size": "640x480", "seed": 1])
        let datum = reply.json?["data"]?.array?.first
        let image = ImageSniffer(bytes: Base64.decode(datum?["b64_json"]?.text ?? "") ?? [])
        #expect(image.format == "jpeg" && image.size.map { $0 == (640, 480) } == true)
        #expect(datum?["media_type"] == "image/jpeg" && datum?["url"] == nil)
        #expect(reply.json?["data"]?.array?.count == 1 && reply.json?["created"]?.integer != nil)
        let usage = reply.json?["usage"]
        let sum = (usage?["input_tokens"]?.integer ?? 0) + (usage?["output_tokens"]?.integer ?? 0)
        #expect(usage?["total_tokens"]?.integer == sum)
        #expect(usage?["input_tokens_details"]?["text_tokens"] != nil)
    }

    @Test("By URL, the result lies on the download host")
    func url() async throws {
        let client = DirectClient()
        let body: JSON = ["prompt": "a", "response_format": "url", "transparent": true]
        let datum = try await client.pollinations(body).json?["data"]?.array?.first
        #expect(datum?["b64_json"] == nil && datum?["media_type"] == "image/png")
        let file = try await client.download(datum?["url"]?.text ?? "")
        #expect(file.status == 200 && ImageSniffer(bytes: file.bytes).format == "png")
    }

    @Test("Without a seed two identical requests are two generations of two images")
    func noSeed() async throws {
        let client = DirectClient()
        let (first, second) = (
            try await client.pollinations(["prompt": "a"]), try await client.pollinations(["prompt": "a"])
        )
        #expect(first.json?["data"] != second.json?["data"] && client.ledger.charges.count == 2)
        #expect(client.ledger.entries.map(\.seed) == [nil, nil])
    }

    @Test("A byte in the body makes another request, though it means the same")
    func bytesDecide() async throws {
        let client = DirectClient()
        for text in [#"{"prompt":"a","seed":1}"#, #"{"prompt":"a", "seed":1}"#, #"{"seed":1,"prompt":"a"}"#] {
            let reply = try await client.send(
                "POST", .pollinations, "/v1/images/generations", key: "sk_paid",
                headers: ["Content-Type": "application/json"], body: Array(text.utf8))
            #expect(reply.status == 200)
        }
        #expect(client.ledger.charges.count == 3)
    }

    // MARK: Edits

    static let editTable: [(JSON, [String])] = [
        ("https://a.test/b.png", []), ("data:image/png;base64,AQID", []), ([["image_url": "https://a.test/b.png"]], []),
        ([["image_url": "data:image/png;base64,AQID"], ["image_url": "https://a.test/c.png"]], []), ("", ["image"]),
        ([], ["image"]), (nil, ["image"]), ("b.png", ["image"]), ("data:text/plain;base64,AQID", ["image"]),
        ("data:image/png,AQID", ["image"]), ([["url": "https://a.test/b.png"]], ["image"]),
        ([["image_url": "https://a.test/b.png"], ["image_url": "c.png"]], ["image"]),
    ]

    @Test("Edits take a URL, a data URI, or a list of objects with image_url", arguments: editTable)
    func edits(image: JSON, fields: [String]) async throws {
        let client = DirectClient()
        let reply = try await edit(client, ["prompt": "a", "image": image])
        #expect(reply.status == (fields.isEmpty ? 200 : 400) && reply.fieldErrors == fields)
        #expect(client.ledger.charges.count == (fields.isEmpty ? 1 : 0))
    }

    @Test("Edits need an image and a prompt")
    func missing() async throws {
        #expect(try await edit(DirectClient(), ["prompt": "a"]).fieldErrors == ["image"])
        #expect(try await edit(DirectClient(), ["image": "https://a.test/b.png"]).fieldErrors == ["prompt"])
        #expect(try await edit(DirectClient(), Form(["prompt": "a"])).fieldErrors == ["image"])
        #expect(try await edit(DirectClient(), Form().adding("image", file: Self.png)).fieldErrors == ["prompt"])
    }

    @Test("Edits always answer in base64")
    func alwaysBase64() async throws {
        let body: JSON = ["prompt": "a", "image": "https://a.test/b.png", "response_format": "url"]
        let reply = try await edit(DirectClient(), body)
        #expect(reply.json?["data"]?.array?.first?["b64_json"]?.text != nil)
        #expect(reply.headers["x-model-used"] == "kontext")
    }

    @Test("Files and URLs go into a form, under either name, several of them")
    func forms() async throws {
        let client = DirectClient()
        let forms = [
            Form(["prompt": "a"]).adding("image", file: Self.png),
            Form(["prompt": "a"]).adding("image[]", file: Self.png).adding("image[]", file: Self.png),
            Form(["prompt": "a", "image": "https://a.test/b.png"]),
            Form(["prompt": "a", "image[]": "https://a.test/b.png"]).adding("image", file: Self.png),
            Form(["prompt": "a", "size": "64x64", "quality": "hd", "safe": "true", "resolution": "1k", "seed": "5"])
                .adding("image", file: Self.png),
        ]
        for form in forms { #expect(try await edit(client, form).status == 200) }
        #expect(client.ledger.charges.count == forms.count)
        #expect(client.ledger.entries.map(\.seed) == [nil, nil, nil, nil, 5])
    }

    static let badFormTable: [(String, String, [String])] = [
        ("size", "big", ["size"]), ("quality", "best", ["quality"]), ("seed", "five", ["seed"]), ("n", "1", ["n"]),
        ("response_format", "url", ["response_format"]), ("image", "b.png", ["image"]),
    ]

    @Test("A field of a form is named when it is wrong", arguments: badFormTable)
    func badForms(name: String, value: String, fields: [String]) async throws {
        let form = Form(["prompt": "a"]).adding("image", file: Self.png).adding(name, value)
        #expect(try await edit(DirectClient(), form).fieldErrors == fields)
    }

    @Test("A file that is no image comes back as the model's 415 in a 502")
    func noImage() async throws {
        let form = Form(["prompt": "a"]).adding("image", file: Array("GIF89a".utf8))
        let reply = try await edit(DirectClient(), form)
        #expect(reply.status == 502 && reply.code == "BAD_GATEWAY")
        #expect(reply.json?["error"]?["details"]?["upstreamStatus"] == 415)
        #expect(reply.json?["error"]?["details"]?["upstreamHost"]?.text != nil)
    }

    @Test("An edit that is too large is 413 in the provider's words", arguments: [0, 1])
    func tooLarge(extra: Int) async throws {
        let form = Form(["prompt": "a"]).adding("image", file: Self.png)
        var configuration = Simulator.Configuration()
        configuration.pollinations.editLimit = form.body.count - extra
        let reply = try await edit(DirectClient(configuration), form)
        #expect(reply.status == (extra == 0 ? 200 : 413))
        if extra > 0 { #expect(reply.json?["error"]?["message"] == "payload is too large") }
    }
}
