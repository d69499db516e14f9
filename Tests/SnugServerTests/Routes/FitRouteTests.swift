// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

@Suite struct FitRouteTests {
    @Test("The image comes back under the limit, with its report in the header")
    func fits() async throws {
        try await withServer { server in
            let image = TestImage.noise(width: 300, height: 200)
            let response = try await server.fit(image, "limit=20kB&format=jpeg")
            #expect(response.status == 200)
            #expect(response.body.count <= 20_000)
            #expect(response["content-type"] == "image/jpeg")
            #expect(response["snug-status"] == "fitted")
            #expect(response["snug-input-bytes"] == String(image.count))
            #expect(response["snug-output-bytes"] == String(response.body.count))
            #expect(response["snug-limit-bytes"] == "20000")
            #expect(response["snug-width"] == "300")
            #expect(response["content-disposition"] == "inline; filename=\"image.jpg\"")
            // libjpeg, not the engine, says what came out.
            let plane = try #require(JPEGReference.plane(0, of: response.body))
            #expect(response["snug-output-width"] == String(plane.width))
            #expect(response["snug-output-height"] == String(plane.height))
            let timing = try #require(response["server-timing"])
            for phase in ["receiving", "queue", "processing"] { #expect(timing.contains("\(phase);dur=")) }
        }
    }

    @Test("Of images that come together and after one another, each comes back from its own bytes")
    func apart() async throws {
        try await withServer { server in
            let images = (1...6).map { TestImage.noise(width: 40 * $0, height: 30, seed: UInt64($0)) }
            // Long ones and short ones take turns, so that what is left of one lies behind the end of the next.
            for order in [Array(images.reversed()), images] {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for image in order {
                        group.addTask {
                            let response = try await server.fit(image, "copy-compliant")
                            #expect(response.status == 200 && response.body == image)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("A format that is asked for comes back, unless the target does not take it")
    func format() async throws {
        try await withServer { server in
            let image = TestImage.noise(width: 60, height: 40)
            let response = try await server.fit(image, "format=webp&limit=2kB")
            #expect(response.status == 200 && response["content-type"] == "image/webp" && response.body.count <= 2000)
            let refused = try await server.fit(image, "format=webp&for=openai-edit-mask")
            #expect(refused.status == 400)
        }
    }

    @Test("An image that complies comes back byte for byte when that is asked for")
    func copies() async throws {
        try await withServer { server in
            let response = try await server.fit(TestImage.small, "copy-compliant")
            #expect(response["snug-status"] == "copied")
            #expect(response.body == TestImage.small)
        }
    }

    @Test("A limit out of reach is 422, and says how small the image could become", arguments: ["", "&keep-size"])
    func cannotFit(more: String) async throws {
        try await withServer { server in
            let response = try await server.fit(
                TestImage.noise(width: 200, height: 200), "limit=100&format=jpeg" + more)
            #expect(response.status == 422)
            #expect(response.code == "cannot_fit")
            #expect(response["snug-error"] == "cannot_fit")
            let smallest = try #require(response.json["details"]?["smallest_bytes"]?.amount)
            #expect(smallest > 100)
            #expect(response.json["details"]?["limit_bytes"]?.amount == 100)
        }
    }

    @Test("JSON is sent to whom it may concern: the report, and the image in base64")
    func json() async throws {
        try await withServer { server in
            let response = try await server.fit(
                TestImage.small, "copy-compliant", [("Accept", "text/html, application/json;q=0.9")])
            #expect(response["content-type"] == "application/json")
            #expect(response.json["status"]?.text == "copied")
            #expect(response.json["output_bytes"]?.amount == Double(TestImage.small.count))
            #expect(response.json["media_type"]?.text == "image/png")
            let data = try #require(response.json["data"]?.text)
            #expect(Data(base64Encoded: data).map(Array.init) == TestImage.small)
        }
    }

    @Test("A form carries the image and parameters, beside those of the query")
    func form() async throws {
        try await withServer { server in
            let form = TestServer.form([
                ("name=\"max-side\"", Array("8".utf8)),
                ("name=\"image\"; filename=\"../a \u{e4}.png\"\r\nContent-Type: image/png", TestImage.small),
            ])
            let response = try await server.send(
                "POST", "/v1/fit?format=png", [("Content-Type", "multipart/form-data; boundary=xXx")], body: form)
            #expect(response.status == 200)
            #expect(response["snug-output-width"] == "8")
            #expect(response["snug-output-height"] == "4")
            #expect(response["content-disposition"] == "inline; filename=\"a _.png\"; filename*=UTF-8''a%20%C3%A4.png")
        }
    }

    @Test(
        "Forms that carry not one image are refused",
        arguments: [
            ("multipart/form-data; boundary=xXx", TestServer.form([("name=\"limit\"", [49])]), "no_image", 400),
            (
                "multipart/form-data; boundary=xXx",
                TestServer.form([("name=\"image\"", TestImage.small), ("name=\"b\"; filename=\"b\"", TestImage.small)]),
                "several_images", 400
            ),
            (
                "multipart/form-data; boundary=yYy", TestServer.form([("name=\"image\"", TestImage.small)]), "bad_form",
                400
            ),
            ("multipart/form-data", TestServer.form([("name=\"image\"", TestImage.small)]), "bad_form", 400),
            ("application/x-www-form-urlencoded", Array("limit=1".utf8), "no_image", 415),
            (
                "multipart/form-data; boundary=xXx",
                TestServer.form([
                    ("name=\"limit\"", Array("1kB".utf8)), ("name=\"limit\"", Array("1kB".utf8)),
                    ("name=\"image\"", TestImage.small),
                ]),
                "invalid_parameter", 400
            ),
            (
                "multipart/form-data; boundary=xXx",
                TestServer.form([("name=\"limit\"", [0xFF, 0xFE]), ("name=\"image\"", TestImage.small)]),
                "invalid_parameter", 400
            ),
        ] as [(String, [UInt8], String, Int)])
    func badForms(type: String, body: [UInt8], code: String, status: Int) async throws {
        try await withServer { server in
            let response = try await server.send("POST", "/v1/fit", [("Content-Type", type)], body: body)
            #expect(response.code == code)
            #expect(response.status == status)
        }
    }

    @Test(
        "A client's mistake is never the server's",
        arguments: [
            ([], "", 400, "empty_input"), (Array("hello".utf8), "", 415, "not_an_image"),
            (Array("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".utf8), "", 415, "unsupported_format"),
            (Array(TestImage.small.dropLast(30)), "", 422, "truncated_input"),
            (TestImage.small, "limt=1", 400, "unknown_parameter"),
            (TestImage.small, "limit=x", 400, "invalid_parameter"),
            (TestImage.small, "limit=%", 400, "bad_query"),
            (TestImage.small, "max-input-side=4", 413, "limit_exceeded"),
        ] as [([UInt8], String, Int, String?)])
    func mistakes(image: [UInt8], query: String, status: Int, code: String?) async throws {
        try await withServer { server in
            let response = try await server.fit(image, query)
            #expect(response.status == status)
            if let code { #expect(response.code == code) }
            #expect(response["snug-error"] == response.code)
            #expect(response["content-type"] == "application/json")
            #expect(response.json["message"]?.text != nil)
            #expect(response.json["details"] != nil || response.text.contains("\"details\":{}"))
        }
    }

    @Test("Inspecting tells what the image is and what a fit would do")
    func inspect() async throws {
        try await withServer { server in
            let response = try await server.send("POST", "/v1/inspect?max-side=8&for=x", body: TestImage.small)
            #expect(response.status == 200)
            #expect(response.json["format"]?.text == "png")
            #expect(response.json["width"]?.amount == 16)
            #expect(response.json["height"]?.amount == 8)
            #expect(response.json["target"]?.text == "x")
            #expect(response.json["complies"] == .flag(false))
            #expect(response.json["plan"]?["width"]?.amount == 8)
            #expect(try await server.send("POST", "/v1/inspect", body: [1, 2, 3]).code == "not_an_image")
        }
    }

    @Test("The profiles can be listed")
    func profiles() async throws {
        try await withServer { server in
            let names = try await server.send("/v1/profiles").json["profiles"]?.elements.compactMap { $0["name"]?.text }
            #expect(names?.contains("bluesky") == true)
        }
    }

    @Test("Requests follow one another on one connection, with bodies of a length and in chunks")
    func keepAlive() async throws {
        try await withServer { server in
            let image = TestImage.small
            let chunked = server.head("POST", "/v1/fit?copy-compliant", [("Transfer-Encoding", "chunked")])
            let whole = server.head("POST", "/v1/fit?copy-compliant", length: image.count) + image
            let bodies = try await onThread {
                let connection = try RawConnection(port: server.port)
                var bodies: [[UInt8]] = []
                for _ in 0..<2 {
                    try connection.send(whole)
                    bodies.append(try connection.readResponse().body)
                    try connection.send(chunked)
                    for start in stride(from: 0, to: image.count, by: 50) {
                        let piece = image[start..<min(image.count, start + 50)]
                        try connection.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
                    }
                    try connection.send("0\r\n\r\n")
                    bodies.append(try connection.readResponse().body)
                }
                return bodies
            }
            #expect(bodies == [image, image, image, image])
        }
    }

    @Test("A client that asks first is told to go on, or not to send what is too much")
    func expect100() async throws {
        try await withServer({ $0.maximumBodyBytes = 1000 }) { server in
            let fields = [("Expect", "100-continue")]
            let image = TestImage.small
            let (first, second) = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit?copy-compliant", fields, length: image.count))
                let first = try connection.readResponse()
                try connection.send(image)
                return (first.status, try connection.readResponse().status)
            }
            #expect((first, second) == (100, 200))
            let refused = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit", fields, length: 1001))
                return try connection.readResponse()
            }
            #expect(refused.status == 413)
            #expect(refused["connection"] == "close")
        }
    }
}
