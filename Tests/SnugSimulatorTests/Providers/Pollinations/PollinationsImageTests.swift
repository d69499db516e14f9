// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// `GET /image/{prompt}` and the routes that need no key.
@Suite struct PollinationsImageTests {
    // MARK: Parameters

    static let refusedTable: [(String, [String])] = [
        ("width=-1", ["width"]), ("height=ten", ["height"]), ("width=", ["width"]), ("width=1.5", ["width"]),
        ("seed=-2", ["seed"]), ("seed=2147483648", ["seed"]), ("seed=abc", ["seed"]), ("seed=", ["seed"]),
        ("enhance=1", ["enhance"]), ("safe=yes", ["safe"]), ("transparent=TRUE", ["transparent"]),
        ("no-cache=1", ["no-cache"]), ("audio=0", ["audio"]), ("quality=best", ["quality"]),
        ("quality=standard", ["quality"]), ("image=", ["image"]), ("image=b.png", ["image"]),
        ("image=ftp://a.test/b.png", ["image"]), ("image=https://a.test/b.png|c.png", ["image"]),
        ("image=https://a.test/b.png,c.png", ["image"]), ("negative_prompt=dogs", ["negative_prompt"]),
        ("n=1", ["n"]), ("Width=5", ["Width"]), ("width=-1&height=-1&zebra=1", ["height", "width", "zebra"]),
    ]

    @Test("A parameter out of bounds is named in fieldErrors, and nothing is charged", arguments: refusedTable)
    func refused(query: String, fields: [String]) async throws {
        let client = DirectClient()
        let reply = try await client.image("?\(query)")
        #expect(reply.status == 400 && reply.code == "BAD_REQUEST")
        #expect(reply.json?["status"] == 400 && reply.json?["success"] == false)
        #expect(reply.fieldErrors == fields)
        let details = reply.json?["error"]?["details"]
        #expect(details?["name"]?.text != nil && details?["formErrors"]?.array != nil)
        #expect(client.ledger.entries.isEmpty)
    }

    static let takenTable = [
        "", "width=0&height=0", "width=512&height=256", "seed=-1", "seed=0", "seed=2147483647", "enhance=true",
        "enhance=false", "safe=true", "transparent=false", "quality=low", "quality=medium", "quality=high",
        "quality=hd", "image=https://a.test/b.png", "image=https%3A%2F%2Fa.test%2Fb.png",
        "image=https://a.test/b.png|http://a.test/c.png", "image=https://a.test/b.png,http://a.test/c.png",
        "duration=5", "aspectRatio=16:9", "audio=true", "no-cache=true", "no-cache=false", "model=zimage",
    ]

    @Test("Documented parameters are taken", arguments: takenTable)
    func taken(query: String) async throws {
        let client = DirectClient()
        let reply = try await client.image("?\(query)")
        #expect(reply.status == 200 && client.ledger.charges.count == 1)
    }

    @Test("A model that does not exist is not found, and the message lists those that do")
    func unknownModel() async throws {
        let reply = try await DirectClient().image("?model=none")
        #expect(reply.status == 404 && reply.code == "NOT_FOUND")
        #expect(reply.json?["error"]?["message"]?.text?.contains("kontext") == true)
    }

    static let sizeTable: [(String, Int, Int)] = [
        ("", 1024, 1024), ("?width=640&height=480", 640, 480), ("?width=640", 640, 1024), ("?height=7", 1024, 7),
        ("?width=0&height=0", 1024, 1024),
    ]

    @Test("The image has the sides that were asked for, 1024 by default and for 0", arguments: sizeTable)
    func sizes(query: String, width: Int, height: Int) async throws {
        let reply = try await DirectClient().image(query)
        let size = try #require(ImageSniffer(bytes: reply.bytes).size)
        #expect(size == (width, height))
    }

    // MARK: Responses

    @Test("A response is the image itself, under the documented headers")
    func headers() async throws {
        let reply = try await DirectClient().image("?seed=3")
        #expect(ImageSniffer(bytes: reply.bytes).format == "jpeg")
        #expect(reply.headers["Content-Type"] == "image/jpeg")
        #expect(reply.headers["Cache-Control"] == "public, max-age=31536000, immutable")
        #expect(reply.headers["Content-Disposition"]?.hasPrefix("inline; filename") == true)
        #expect(reply.headers["x-model-used"] == "flux")
        #expect(reply.headers.fields.contains { $0.name.hasPrefix("x-usage-") })
        #expect(reply.headers["Content-Location"] != nil)
        #expect(reply.headers["X-Cache"] != "HIT")
    }

    @Test("A transparent image is a PNG")
    func transparent() async throws {
        let reply = try await DirectClient().image("?transparent=true&model=gptimage")
        #expect(ImageSniffer(bytes: reply.bytes).format == "png" && reply.headers["Content-Type"] == "image/png")
        #expect(reply.headers["x-model-used"] == "gptimage")
        #expect(reply.headers["Content-Disposition"]?.contains(".png") == true)
    }

    static let promptTable: [(String, String)] = [
        ("a%20cat", "a cat"), ("a+cat", "a+cat"), ("%D0%BA%D0%BE%D1%82", "кот"), ("50%25", "50%"), ("a%2Fb", "a/b"),
        ("%F0%9F%90%88", "🐈"), ("a%3Fb", "a?b"), ("%zz", "%zz"),
    ]

    @Test("The prompt is the decoded path", arguments: promptTable)
    func prompts(path: String, prompt: String) async throws {
        let client = DirectClient()
        #expect(try await client.image(prompt: path).status == 200)
        #expect(client.ledger.entries.map(\.prompt) == [prompt])
    }

    @Test("A path longer than the limit is 414, from the proxy", arguments: [(16_384, 200), (16_385, 414)])
    func longPaths(length: Int, status: Int) async throws {
        let prompt = String(repeating: "a", count: length - "/image/".count)
        let reply = try await DirectClient().image(prompt: prompt)
        #expect(reply.status == status)
        if status == 414 { #expect(reply.headers["Content-Type"] == "text/html") }
    }

    // MARK: Joining

    @Test("The same request is served from the cache, whoever asks and with whatever key in the query")
    func cache() async throws {
        let client = DirectClient()
        let first = try await client.image("?seed=3&width=64")
        let second = try await client.image("?seed=3&width=64", key: "sk_paid2")
        let third = try await client.get(.pollinations, "/image/cat?seed=3&key=sk_narrow&width=64")
        #expect(first.headers["X-Cache"] == "MISS")
        #expect(second.headers["X-Cache"] == "HIT" && third.headers["X-Cache"] == "HIT")
        #expect(first.bytes == second.bytes && first.bytes == third.bytes)
        #expect(client.ledger.entries.map(\.joins) == [2] && client.ledger.total == 0.25)
        #expect(client.providers.balance(account: "narrow", service: .pollinations) == 100)
    }

    static let differingTable = [
        "?seed=4&width=64", "?width=64&seed=3", "?seed=3&width=65", "?seed=3", "?seed=3&width=64&safe=true",
        "?seed=-1", "?seed=3&width=64&no-cache=true",
    ]

    @Test("Anything else is a generation of its own", arguments: differingTable)
    func differing(query: String) async throws {
        let client = DirectClient()
        _ = try await client.image("?seed=3&width=64")
        #expect(try await client.image(query).headers["X-Cache"] == "MISS")
        #expect(client.ledger.charges.count == 2)
    }

    @Test("Twenty at once are one generation and one charge")
    func storm() async throws {
        let client = DirectClient(Simulator.Configuration(job: JobPlan(duration: 600_000)))
        let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 { group.addTask { try await client.image("?seed=9").bytes } }
            while client.ledger.entries.first?.joins != 19 { await Task.yield() }
            client.pass(600)
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(bodies.count == 1 && client.ledger.charges.count == 1)
        #expect(client.providers.balance(account: "paid", service: .pollinations) == 99.75)
    }

    // MARK: Routes

    @Test("Models are listed without a key", arguments: ["/models", "/image/models"])
    func models(path: String) async throws {
        let reply = try await DirectClient().get(.pollinations, path)
        let names = reply.json?.array?.compactMap { $0["name"]?.text } ?? []
        #expect(reply.status == 200 && names.contains("flux") && names.contains("sana"))
        #expect(try await DirectClient().get(.pollinations, path + "?community=true&source=x").status == 200)
    }

    @Test("The list of /v1 has OpenAI's shape")
    func openAIModels() async throws {
        let json = try await DirectClient().get(.pollinations, "/v1/models").json
        #expect(json?["object"] == "list" && json?["data"]?.array?.first?["object"] == "model")
    }

    static let strangerTable: [(String, String)] = [
        ("POST", "/image/cat"), ("GET", "/image"), ("GET", "/image/a/b"), ("GET", "/v1/images/generations"),
        ("POST", "/v1/images/variations"), ("POST", "/v1/images"), ("GET", "/"), ("GET", "/account"),
        ("GET", "/account/none"), ("DELETE", "/models"),
    ]

    @Test("What is no route is not found", arguments: strangerTable)
    func strangers(method: String, path: String) async throws {
        let reply = try await DirectClient().send(method, .pollinations, path, key: "sk_paid")
        #expect(reply.status == 404 && reply.code == "NOT_FOUND")
    }

    static let keyTable: [(String?, String, Int)] = [
        (nil, "", 401), ("sk_none", "", 401), ("", "", 401), (nil, "?key=sk_none", 401), (nil, "?key=sk_paid", 200),
        ("sk_paid", "", 200), ("pk_site", "", 200), ("sk_none", "?key=sk_paid", 401),
    ]

    @Test("A key comes by header or query, and the header outranks", arguments: keyTable)
    func keys(key: String?, query: String, status: Int) async throws {
        let reply = try await DirectClient().get(.pollinations, "/image/cat\(query)", key: key)
        #expect(reply.status == status)
        if status == 401 { #expect(reply.code == "UNAUTHORIZED") }
    }
}
