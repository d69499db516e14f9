// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's row "media".
@Suite(.serialized) struct MediaConformanceTests {
    private let key = ["-H", "Authorization: Bearer sk_paid"]

    /// A form with one file, written byte by byte so that names can be odd.
    private func form(_ disposition: String, bytes: [UInt8], fields: [(String, String)] = []) -> [UInt8] {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--X\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        body += Array("--X\r\nContent-Disposition: form-data; \(disposition)\r\nContent-Type: image/png\r\n\r\n".utf8)
        return body + bytes + Array("\r\n--X--\r\n".utf8)
    }

    private func upload(_ simulator: Simulator, _ body: [UInt8]) async throws -> Curl.Response {
        let type = ["-H", "Content-Type: multipart/form-data; boundary=X", "-H", "Expect:"]
        return try await Curl().run(key + type + [simulator.addresses[.media] + "/upload"], body: body)
    }

    @Test("Exactly 100 MiB is taken, one byte more is not", arguments: [(0, 200), (1, 413)])
    func edge(extra: Int, status: Int) async throws {
        let bytes = [UInt8](repeating: 0x61, count: 104_857_600 + extra)
        try await withSimulator { simulator async throws in
            let answer = try await upload(simulator, form("name=\"file\"; filename=\"a.bin\"", bytes: bytes))
            #expect(answer.status == status)
            if status == 200 { #expect(answer.json?["size"] == 104_857_600) }
            if status == 413 { #expect(answer.json?["error"]?.text?.contains("100MB") == true) }
        }
    }

    @Test("Bytes that look like the beginning of the end are the image's")
    func carriageReturns() async throws {
        let bytes = [UInt8](repeating: 0x0D, count: 100_000)
        try await withSimulator { simulator async throws in
            let answer = try await upload(simulator, form("name=\"file\"; filename=\"a.bin\"", bytes: bytes))
            #expect(answer.status == 200 && answer.json?["size"] == 100_000)
            let url = try #require(answer.json?["url"]?.text)
            #expect(try await Curl().run([url]).body == bytes)
        }
    }

    @Test("A custom id is taken once; HEAD tells the size of what is there")
    func customIdentifier() async throws {
        let image = FlatImage(width: 20, height: 10, seed: 1).bytes(.png)
        try await withSimulator { simulator async throws in
            let body = form("name=\"file\"; filename=\"a.png\"", bytes: image, fields: [("id", "hash-1.png")])
            let first = try await upload(simulator, body)
            #expect(first.json?["id"] == "hash-1.png")
            #expect(try await upload(simulator, body).status == 409)
            let url = try #require(first.json?["url"]?.text)
            let head = try await Curl().run(["-I", url])
            #expect(head.headers["X-Content-Size"] == String(image.count))
            #expect(try await Curl().run([url]).body == image)
            let bad = form("name=\"file\"; filename=\"a\"", bytes: image, fields: [("id", "a/b")])
            #expect(try await upload(simulator, bad).status == 400)
        }
    }

    @Test(
        "File names that trip parsers",
        arguments: [
            #"name="file"; filename="a \"quoted\" name.png""#, #"name="file"; filename="semi;colon.png""#,
            #"name="file"; filename="%22percent%22.png""#, "name=\"file\"; filename=\"снимок 📷.png\"",
            "filename=\"first.png\"; name=\"file\"", "name=file; filename=plain.png",
            #"name="file"; filename="""#,
        ])
    func oddNames(disposition: String) async throws {
        try await withSimulator { simulator async throws in
            let answer = try await upload(simulator, form(disposition, bytes: [1, 2, 3]))
            #expect(answer.status == 200)
            #expect(answer.json?["size"] == 3)
        }
    }

    @Test("JSON uploads as base64 or data URI, and what is refused")
    func jsonUploads() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let url = simulator.addresses[.media] + "/upload"
            let uri: JSON = ["data": "data:image/png;base64,AQID"]
            let answer = try await client.post(url, uri, key: "sk_paid")
            #expect(answer.json?["contentType"] == "image/png" && answer.json?["size"] == 3)
            #expect(try await client.post(url, ["data": "***"], key: "sk_paid").status == 400)
            #expect(try await client.post(url, ["data": "AQID"], key: "nonsense").status == 401)
            let id = try #require(answer.json?["id"]?.text)
            let file = simulator.addresses[.media] + "/media/\(id)"
            #expect(try await Curl().run(["-X", "DELETE", "-H", "Authorization: Bearer pk_site", file]).status == 403)
            #expect(try await Curl().run(["-X", "DELETE"] + key + [file]).status == 200)
        }
    }

    @Test("A hosted image can redirect, and providers know which URLs lead nowhere")
    func redirectsAndDeadURLs() async throws {
        try await withSimulator { simulator async throws in
            let answer = try await upload(simulator, form("name=\"file\"; filename=\"a.png\"", bytes: [1]))
            let url = try #require(answer.json?["url"]?.text)
            simulator.script(
                Rule(Fault(answer: .redirect(status: 302, location: url + "/metadata")), service: .media, method: "GET")
            )
            #expect(try await Curl().run([url]).status == 302)
            let client = Client(simulator)
            func body(_ url: String) -> JSON {
                ["model": "flux-kontext-pro", "prompt": "a", "params": ["image_url": .text(url)]]
            }
            #expect(try await client.generate(body(url)).status == 200)
            #expect(try await client.generate(body(url + "x")).status == 422)
            #expect(try await client.image("?image=\(url)x").status == 400)
        }
    }
}
