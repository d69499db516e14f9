// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// `POST /images/edits`: files, masks and the fields of a form.
@Suite struct OpenAIEditTests {
    private static let png = FlatImage(width: 32, height: 16, seed: 1).bytes(.png)
    private static let jpeg = FlatImage(width: 32, height: 16, seed: 1).bytes(.jpeg)
    private static let webp = FlatImage(width: 32, height: 16, seed: 1).bytes(.webp)

    private func form(_ image: [UInt8] = png, type: String? = "image/png") -> Form {
        Form(["prompt": "a cat"]).adding("image", file: image, type: type)
    }

    /// The signature and header of a PNG that says it is of this size and colour type (PNG 3rd ed. §11.2.1).
    private func header(width: UInt8, height: UInt8, colourType: UInt8, bytes: Int = 0) -> [UInt8] {
        let start: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
        let png = start + [0, 0, 0, width, 0, 0, 0, height, 8, colourType, 0, 0, 0] + [0, 0, 0, 0]
        return png + [UInt8](repeating: 0, count: max(0, bytes - png.count))
    }

    private func refusal(_ reply: Reply) -> [String?] {
        [reply.code, reply.json?["error"]?["param"]?.text]
    }

    // MARK: Images

    @Test("PNG, JPEG and WebP are taken under their own types")
    func formats() async throws {
        for (bytes, type) in [(Self.png, "image/png"), (Self.jpeg, "image/jpeg"), (Self.webp, "image/webp")] {
            let reply = try await DirectClient().edit(form(bytes, type: type))
            #expect(reply.status == 200)
            #expect(Base64.decode(reply.json?["data"]?.array?.first?["b64_json"]?.text ?? "")?.isEmpty == false)
        }
    }

    @Test(
        "A type that is not the file's is refused",
        arguments: ["image/jpeg", "image/jpg", "application/octet-stream", nil])
    func wrongTypes(type: String?) async throws {
        let client = DirectClient()
        let reply = try await client.edit(form(type: type))
        #expect(reply.status == 400 && refusal(reply) == ["unsupported_file_mimetype", "image"])
        #expect(client.ledger.entries.isEmpty)
    }

    static let noImageTable: [[UInt8]] = [
        [], [0], Array("GIF89a".utf8), Array("BM".utf8) + [0, 0, 0, 0], Array("<html>".utf8),
        Array("RIFF\0\0\0\0WAVE".utf8), [0x89, 0x50, 0x4E, 0x47], [0x49, 0x49, 0x2A, 0x00],
    ]

    @Test("A file that is none of the three is no image", arguments: noImageTable)
    func noImages(bytes: [UInt8]) async throws {
        let reply = try await DirectClient().edit(form(bytes))
        #expect(reply.status == 400 && refusal(reply) == ["invalid_image_file", "image"])
    }

    @Test("One to sixteen images, repeated by either name", arguments: [(0, 400), (1, 200), (16, 200), (17, 400)])
    func counts(count: Int, status: Int) async throws {
        for name in ["image", "image[]"] {
            let form = (0..<count).reduce(Form(["prompt": "a"])) { form, _ in form.adding(name, file: Self.png) }
            let reply = try await DirectClient().edit(form)
            #expect(reply.status == status)
            if status == 400 { #expect(reply.json?["error"]?["param"] == "image") }
        }
    }

    @Test("Images of both names count together")
    func mixedNames() async throws {
        var form = Form(["prompt": "a"])
        for index in 0..<17 { form.add(index % 2 == 0 ? "image" : "image[]", file: Self.png, type: "image/png") }
        #expect(try await DirectClient().edit(form).status == 400)
    }

    @Test("An image as text is no file")
    func textImage() async throws {
        let reply = try await DirectClient().edit(Form(["prompt": "a", "image": "https://a.test/b.png"]))
        #expect(reply.status == 400 && reply.json?["error"]?["param"] == "image")
    }

    @Test("An image is smaller than 50 MB", arguments: [(49_999_999, 200), (50_000_000, 413)])
    func imageSize(bytes: Int, status: Int) async throws {
        let image = Self.png + [UInt8](repeating: 0, count: bytes - Self.png.count)
        let reply = try await DirectClient().edit(form(image))
        #expect(reply.status == status)
        if status == 413 {
            #expect(reply.json?["error"]?["message"]?.text?.contains("50000000 bytes > 50000000 bytes") == true)
        }
    }

    // MARK: Masks

    static let colourTypes: [(UInt8, Bool)] = [(0, false), (2, false), (3, false), (4, true), (6, true)]

    @Test("A mask needs an alpha channel: colour types 4 and 6", arguments: colourTypes)
    func maskAlpha(colourType: UInt8, isTaken: Bool) async throws {
        let mask = header(width: 32, height: 16, colourType: colourType)
        let reply = try await DirectClient().edit(form().adding("mask", file: mask))
        #expect(reply.status == (isTaken ? 200 : 400))
        if !isTaken { #expect(refusal(reply) == ["invalid_value", "mask"]) }
    }

    @Test("A palette with transparency is an alpha channel, too")
    func maskTransparency() async throws {
        let mask = header(width: 32, height: 16, colourType: 3) + [0, 0, 0, 1] + Array("tRNS".utf8) + [0, 0, 0, 0, 0]
        #expect(try await DirectClient().edit(form().adding("mask", file: mask)).status == 200)
    }

    @Test("A mask is a PNG", arguments: [OpenAIEditTests.jpeg, OpenAIEditTests.webp, Array("GIF89a".utf8), []])
    func maskFormat(bytes: [UInt8]) async throws {
        let reply = try await DirectClient().edit(form().adding("mask", file: bytes))
        #expect(reply.status == 400 && refusal(reply) == ["invalid_value", "mask"])
    }

    @Test("A mask is smaller than 4 MB", arguments: [(3_999_999, 200), (4_000_000, 400)])
    func maskBytes(count: Int, status: Int) async throws {
        let mask = header(width: 32, height: 16, colourType: 6, bytes: count)
        #expect(try await DirectClient().edit(form().adding("mask", file: mask)).status == status)
    }

    static let maskSideTable: [(UInt8, UInt8, Int)] = [(32, 16, 200), (16, 32, 400), (32, 15, 400), (31, 16, 400)]

    @Test("A mask has the size of the first image, PNG or JPEG", arguments: maskSideTable)
    func maskSides(width: UInt8, height: UInt8, status: Int) async throws {
        let mask = header(width: width, height: height, colourType: 6)
        for (bytes, type) in [(Self.png, "image/png"), (Self.jpeg, "image/jpeg")] {
            let other = FlatImage(width: 99, height: 99, seed: 2).bytes(.png)
            let form = form(bytes, type: type).adding("image", file: other).adding("mask", file: mask)
            #expect(try await DirectClient().edit(form).status == status)
        }
    }

    // MARK: Fields

    static let fieldTable: [(String, String, Int)] = [
        ("n", "2", 200), ("n", "0", 400), ("n", "two", 400), ("n", "1.0", 400), ("size", "1536x1024", 200),
        ("size", "17x17", 400), ("quality", "high", 200), ("quality", "hd", 400), ("background", "opaque", 200),
        ("output_format", "webp", 200), ("output_format", "gif", 400), ("output_compression", "80", 200),
        ("output_compression", "101", 400), ("stream", "false", 200), ("stream", "yes", 400), ("stream", "1", 400),
        ("partial_images", "3", 200), ("partial_images", "4", 400), ("input_fidelity", "high", 200),
        ("input_fidelity", "low", 200), ("input_fidelity", "medium", 400), ("user", "u1", 200),
        ("moderation", "low", 400), ("style", "vivid", 400), ("seed", "5", 400), ("model", "none", 404),
        ("model", "gpt-image-2", 200), ("response_format", "b64_json", 400),
    ]

    @Test("Fields are checked like parameters, their numbers and booleans as text", arguments: fieldTable)
    func fields(name: String, value: String, status: Int) async throws {
        let client = DirectClient()
        let reply = try await client.edit(form().adding(name, value))
        #expect(reply.status == status)
        if status == 400 { #expect(reply.json?["error"]?["param"]?.text == name) }
        #expect(client.ledger.entries.count == (status == 200 ? 1 : 0))
    }

    @Test("The prompt is required")
    func missingPrompt() async throws {
        let reply = try await DirectClient().edit(Form().adding("image", file: Self.png))
        #expect(reply.status == 400 && refusal(reply) == ["missing_required_parameter", "prompt"])
    }

    @Test("A field that is not UTF-8 is no text")
    func invalidText() async throws {
        let reply = try await DirectClient().edit(form().adding("user", file: [0xFF, 0xFE], type: nil))
        #expect(reply.status == 400 && reply.json?["error"]?["param"] == "user")
    }

    @Test(
        "A body that is no form is refused", arguments: ["application/json", "multipart/form-data", "text/plain", ""])
    func noForm(type: String) async throws {
        let reply = try await DirectClient().send(
            "POST", .openai, "/v1/images/edits", key: "sk-main", headers: ["Content-Type": type], body: form().body)
        #expect(reply.status == 400 && reply.json?["error"]?["type"] == "invalid_request_error")
    }

    @Test(
        "Beyond the request limit the proxy in front answers, in aiohttp's words and as plain text", arguments: [0, 1])
    func requestLimit(extra: Int) async throws {
        let body = form().body
        var configuration = Simulator.Configuration()
        configuration.openAI.requestLimit = body.count - extra
        let client = DirectClient(configuration)
        let reply = try await client.edit(form())
        #expect(reply.status == (extra == 0 ? 200 : 413))
        guard extra > 0 else { return }
        let limit = body.count - 1
        #expect(reply.text == "Maximum request body size \(limit) exceeded, actual body size \(body.count)")
        #expect(reply.headers["Content-Type"] == "text/plain")
        #expect(client.ledger.entries.isEmpty)
    }
}
