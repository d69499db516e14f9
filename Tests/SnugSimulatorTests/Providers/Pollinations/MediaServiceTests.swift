// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// The file host: uploads, reads, lists, deletions.
@Suite struct MediaServiceTests {
    private func upload(_ client: DirectClient, _ body: JSON, key: String? = "sk_paid") async throws -> Reply {
        try await client.post(.media, "/upload", body, key: key)
    }

    private func upload(_ client: DirectClient, _ form: Form, key: String? = "sk_paid") async throws -> Reply {
        try await client.post(.media, "/upload", form, key: key)
    }

    // MARK: JSON

    static let documentTable: [(JSON, String)] = [
        (["data": "AQID"], "application/octet-stream"), (["data": "AQID", "contentType": "image/png"], "image/png"),
        (["data": "data:image/webp;base64,AQID"], "image/webp"),
        (["data": "data:image/webp;base64,AQID", "contentType": "image/png"], "image/png"),
        (["data": "data:;base64,AQID"], "application/octet-stream"),
        (["data": "AQID", "name": "a.png", "tags": ["x", "y"], "id": "one"], "application/octet-stream"),
    ]

    @Test("Base64 and data URIs are decoded, and a stated type outranks the URI's", arguments: documentTable)
    func documents(body: JSON, type: String) async throws {
        let client = DirectClient()
        let reply = try await upload(client, body)
        #expect(reply.status == 200 && reply.json?["size"] == 3)
        #expect(reply.json?["contentType"]?.text == type)
        #expect(reply.json?["tags"] == body["tags"] && (body["id"] == nil || reply.json?["id"] == body["id"]))
        let url = try #require(reply.json?["url"]?.text)
        let id = try #require(reply.json?["id"]?.text)
        #expect(url == "http://media.test/\(id)")
        let file = try await client.get(.media, "/\(id)")
        #expect(file.bytes == [1, 2, 3] && file.headers["Content-Type"] == type)
        #expect(file.headers["X-Content-Id"] == id && file.headers["X-Content-Size"] == "3")
    }

    static let refusedTable: [(JSON, Int)] = [
        ([:], 400), (["data": ""], 400), (["data": "***"], 400), (["data": 5], 400), (["data": "data:image/png"], 400),
        (["data": "AQI"], 400), (["data": "AQID", "zebra": 1], 400), (["data": "AQID", "id": ""], 400),
        (["data": "AQID", "id": "a/b"], 400), (["data": "AQID", "id": "a b"], 400), (["data": "AQID", "id": "é"], 400),
        (["data": "AQID", "id": .text(String(repeating: "a", count: 129))], 400),
    ]

    @Test("A document that is wrong is refused by a bare error", arguments: refusedTable)
    func refused(body: JSON, status: Int) async throws {
        let client = DirectClient()
        let reply = try await upload(client, body)
        #expect(reply.status == status)
        #expect(reply.json?.object?.keys.sorted() == ["error"] && reply.word?.isEmpty == false)
        #expect(client.world.media.all(owner: "paid").isEmpty)
    }

    @Test("An identifier is up to 128 letters, digits, dots, underscores and hyphens")
    func identifiers() async throws {
        for id in ["a", "A.b_c-9", String(repeating: "a", count: 128), "...", "-", "0"] {
            #expect(try await upload(DirectClient(), ["data": "AQID", "id": .text(id)]).json?["id"]?.text == id)
        }
    }

    @Test("Without an identifier every upload gets a new one, the same bytes too")
    func freshIdentifiers() async throws {
        let client = DirectClient()
        var ids: Set<String> = []
        for _ in 0..<10 { ids.insert(try await upload(client, ["data": "AQID"]).json?["id"]?.text ?? "") }
        #expect(ids.count == 10)
    }

    @Test("An identifier is taken once, whoever comes second", arguments: ["sk_paid", "sk_paid2", "pk_site"])
    func conflict(key: String) async throws {
        let client = DirectClient()
        #expect(try await upload(client, ["data": "AQID", "id": "one"]).status == 200)
        let second = try await upload(client, ["data": "BAUG", "id": "one"], key: key)
        #expect(second.status == 409 && second.word != nil)
        #expect(try await client.get(.media, "/one").bytes == [1, 2, 3])
    }

    // MARK: Forms

    @Test("A form has one file, called file")
    func forms() async throws {
        let client = DirectClient()
        let good = Form(["tags": "x, y", "id": "one"]).adding("file", file: [1, 2, 3])
        let reply = try await upload(client, good)
        #expect(reply.json?["id"] == "one" && reply.json?["tags"] == ["x", "y"])
        #expect(reply.json?["contentType"] == "image/png" && reply.json?["size"] == 3)
        let untyped = try await upload(client, Form().adding("file", file: [1], type: nil))
        #expect(untyped.json?["contentType"] == "application/octet-stream" && untyped.json?["tags"] == nil)
        let bad = [
            Form(), Form(["file": "text"]), Form().adding("image", file: [1]), Form().adding("file", file: []),
            Form().adding("file", file: [1]).adding("file", file: [2]), Form(["name": "a"]).adding("file", file: [1]),
            Form(["id": "a/b"]).adding("file", file: [1]),
        ]
        for form in bad {
            let reply = try await upload(client, form)
            #expect(reply.status == 400 && reply.word != nil)
        }
        #expect(client.world.media.all(owner: "paid").count == 2)
    }

    @Test(
        "Text fields have at most 8192 bytes, and there are at most 20",
        arguments: [(8192, 20, 200), (8193, 1, 400), (1, 21, 400)])
    func fieldLimits(bytes: Int, count: Int, status: Int) async throws {
        var form = Form().adding("file", file: [1])
        for _ in 0..<count { form.add("tags", String(repeating: "x", count: bytes)) }
        #expect(try await upload(DirectClient(), form).status == status)
    }

    @Test("Other content types are refused", arguments: ["text/plain", "image/png", "", "application/octet-stream"])
    func otherTypes(type: String) async throws {
        let reply = try await DirectClient().send(
            "POST", .media, "/upload", key: "sk_paid", headers: ["Content-Type": type], body: [1, 2, 3])
        #expect(reply.status == 400 && reply.word != nil)
    }

    // MARK: Keys

    @Test("Uploading and listing need a key, reading needs none, deleting a secret one")
    func keys() async throws {
        let client = DirectClient()
        for key in [nil, "", "sk_none"] as [String?] {
            #expect(try await upload(client, ["data": "AQID"], key: key).status == 401)
            #expect(try await client.get(.media, "/media", key: key).status == 401)
            #expect(try await client.send("DELETE", .media, "/media/one", key: key).status == 401)
        }
        #expect(try await upload(client, ["data": "AQID", "id": "one"], key: "pk_site").status == 200)
        for path in ["/one", "/one/metadata"] { #expect(try await client.get(.media, path).status == 200) }
        #expect(try await client.send("DELETE", .media, "/media/one", key: "pk_site").status == 403)
        #expect(try await client.send("DELETE", .media, "/media/one", key: "sk_paid").status == 404)
        #expect(try await client.get(.media, "/one").status == 200)
    }

    @Test("A deleted file is gone, its identifier free, and no URL to it can be fetched")
    func deletion() async throws {
        let client = DirectClient()
        _ = try await upload(client, ["data": "AQID", "id": "one"])
        #expect(client.world.isFetchable("http://media.test/one"))
        let reply = try await client.send("DELETE", .media, "/media/one", key: "sk_paid2")
        #expect(reply.status == 200 && reply.json == ["deleted": true, "id": "one"])
        #expect(!client.world.isFetchable("http://media.test/one"))
        for path in ["/one", "/one/metadata"] { #expect(try await client.get(.media, path).status == 404) }
        #expect(try await client.send("DELETE", .media, "/media/one", key: "sk_paid").status == 404)
        #expect(try await upload(client, ["data": "AQID", "id": "one"]).status == 200)
    }

    // MARK: Lists

    static let pageTable: [(String, [Int], Bool)] = [
        ("", Array(0..<20), true), ("?limit=100", Array(0..<25), false), ("?limit=1", [0], true),
        ("?limit=10&cursor=20", Array(20..<25), false), ("?cursor=20", Array(20..<25), false),
        ("?limit=5&cursor=20", Array(20..<25), false), ("?cursor=99", [], false), ("?cursor=-5&limit=2", [0, 1], true),
        ("?tag=even&limit=3", [0, 2, 4], true), ("?tag=even&limit=3&cursor=12", [24], false), ("?tag=none", [], false),
    ]

    @Test("A list has 20 files a page and a cursor to the next", arguments: pageTable)
    func pages(query: String, expected: [Int], hasMore: Bool) async throws {
        let client = DirectClient()
        for index in 0..<25 {
            let tags: JSON = index % 2 == 0 ? ["even"] : ["odd"]
            _ = try await upload(client, ["data": "AQID", "id": .text("f\(index)"), "tags": tags])
        }
        _ = try await upload(client, ["data": "AQID", "id": "theirs"], key: "pk_site")
        let json = try await client.get(.media, "/media\(query)", key: "sk_paid").json
        #expect(json?["items"]?.array?.compactMap { $0["id"]?.text } == expected.map { "f\($0)" })
        #expect((json?["cursor"]?.text != nil) == hasMore)
    }

    @Test("Following the cursors finds every file once")
    func cursors() async throws {
        let client = DirectClient()
        for index in 0..<23 { _ = try await upload(client, ["data": "AQID", "id": .text("f\(index)")]) }
        var (found, cursor) = ([String](), Optional("0"))
        while let place = cursor {
            let json = try await client.get(.media, "/media?limit=7&cursor=\(place)", key: "sk_paid").json
            found += json?["items"]?.array?.compactMap { $0["id"]?.text } ?? []
            cursor = json?["cursor"]?.text
        }
        #expect(found == (0..<23).map { "f\($0)" })
    }

    @Test("A limit out of bounds is refused", arguments: ["0", "101", "-1", "x", ""])
    func limits(limit: String) async throws {
        #expect(try await DirectClient().get(.media, "/media?limit=\(limit)", key: "sk_paid").status == 400)
    }

    static let strangerTable: [(String, String)] = [
        ("GET", "/upload/x/y"), ("PUT", "/upload"), ("POST", "/media"), ("GET", "/none"), ("GET", "/none/metadata"),
        ("GET", "/one/other"), ("DELETE", "/one"), ("GET", "/"),
    ]

    @Test("What is no route or file is not found", arguments: strangerTable)
    func strangers(method: String, path: String) async throws {
        let client = DirectClient()
        _ = try await upload(client, ["data": "AQID", "id": "one"])
        let reply = try await client.send(method, .media, path, key: "sk_paid")
        #expect(reply.status == 404 && reply.word != nil)
    }

    @Test(
        "Scripted failures have the host's own shape",
        arguments: [(400, nil), (401, nil), (409, nil), (413, "100MB"), (500, nil)])
    func failures(status: Int, words: String?) async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(answer: .status(code: status)))])
        let reply = try await upload(client, ["data": "AQID"])
        #expect(reply.status == status && reply.json?.object?.keys.sorted() == ["error"])
        if let words { #expect(reply.word?.contains(words) == true) }
        #expect(client.world.media.all(owner: "paid").isEmpty)
    }
}
