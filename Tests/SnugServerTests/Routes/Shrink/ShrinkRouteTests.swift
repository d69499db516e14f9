// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

@Suite struct ShrinkRouteTests {
    @Test("An image is made smaller, told where it is, got from there, and made anew in another form")
    func story() async throws {
        try await withServer { server in
            let image = TestImage.noise(width: 120, height: 80)
            let made = try await server.send("POST", "/shrink", body: image)
            #expect(made.status == 201)
            #expect(made["compression-count"] == "1")
            #expect(made.json["input"]?["size"]?.amount == Double(image.count))
            #expect(made.json["input"]?["type"]?.text == "image/png")
            let size = try #require(made.json["output"]?["size"]?.amount)
            #expect(size <= Double(image.count) / 2)
            #expect(made.json["output"]?["ratio"]?.amount == (size / Double(image.count) * 10_000).rounded() / 10_000)
            let location = try #require(made["location"])
            #expect(made.json["output"]?["url"]?.text == location)

            let got = try await server.send(location)
            #expect(got.body.count == Int(size))
            #expect(got["content-type"] == made.json["output"]?["type"]?.text)
            #expect(got["image-width"] == "120")
            #expect(got["image-height"] == "80")
            #expect(got["compression-count"] == "1")

            let body = Array(
                #"{"resize":{"method":"fit","width":60,"height":60},"convert":{"type":"image/jpeg"}}"#.utf8)
            let small = try await server.send("POST", location, [("Content-Type", "application/json")], body: body)
            #expect(small.status == 200)
            #expect(small["content-type"] == "image/jpeg")
            #expect(small["compression-count"] == "2")
            let plane = try #require(JPEGReference.plane(0, of: small.body))
            #expect((plane.width, plane.height) == (60, 40))
        }
    }

    @Test("An image that halves no more is made smaller without loss, or left as it is")
    func alreadySmall() async throws {
        try await withServer { server in
            let made = try await server.send("POST", "/shrink", body: TestImage.small)
            #expect(made.status == 201)
            let got = try await server.send(try #require(made["location"]))
            #expect(got.body.count <= TestImage.small.count)
            #expect(got["image-width"] == "16")
        }
    }

    @Test("Another form at the same size is as small as the result, also in another format")
    func otherForms() async throws {
        try await withServer { server in
            let image = TestImage.noise(width: 120, height: 80)
            let made = try await server.send("POST", "/shrink", body: image)
            let location = try #require(made["location"])
            for (json, type) in [
                (#"{"preserve":["copyright"]}"#, nil), ("{}", nil),
                (#"{"convert":{"type":"image/jpeg"}}"#, "image/jpeg"),
                (#"{"convert":{"type":["image/webp"]}}"#, "image/webp"),
            ] as [(String, String?)] {
                let form = try await server.send("POST", location, body: Array(json.utf8))
                #expect(form.status == 200, "\(form.text)")
                #expect(form.body.count <= image.count / 2, "\(json)")
                #expect(form["image-width"] == "120", "\(json)")
                if let type { #expect(form["content-type"] == type) }
            }
            let small = try #require(try await server.send("POST", "/shrink", body: TestImage.small)["location"])
            let kept = try await server.send("POST", small, body: Array(#"{"preserve":["creation"]}"#.utf8))
            #expect(kept.status == 200)
            #expect(kept.body.count <= TestImage.small.count)
        }
    }

    @Test("Parameters of the query ask for other limits")
    func limits() async throws {
        try await withServer { server in
            let made = try await server.send("POST", "/shrink?max-side=10", body: TestImage.small)
            #expect(made.json["output"]?["width"]?.amount == 10)
            #expect(try await server.send("POST", "/shrink?limt=1", body: TestImage.small).code == "unknown_parameter")
        }
    }

    @Test("Addresses of others are not fetched, and results that are not there are 404 in the same shape")
    func refusals() async throws {
        try await withServer { server in
            let source = Array(#"{"source":{"url":"http://169.254.169.254/"}}"#.utf8)
            let refused = try await server.send("POST", "/shrink", [("Content-Type", "application/json")], body: source)
            #expect(refused.status == 400)
            #expect(refused.code == "source_not_supported")
            #expect(try await server.send("POST", "/shrink", body: [1, 2, 3]).status == 415)
            let none = try await server.send("/output/" + String(repeating: "0", count: 32))
            #expect(none.status == 404)
            #expect(none.code == "no_such_result")
            #expect(try await server.send("POST", "/output/none", body: Array("{}".utf8)).code == "no_such_result")
        }
    }

    @Test("A result is freed when its time is over, without any other request for results")
    func expiry() async throws {
        try await withServer({ $0.resultAge = .milliseconds(100) }) { server in
            let made = try await server.send("POST", "/shrink", body: TestImage.noise(width: 40, height: 30))
            #expect(made.status == 201)
            try await server.waitForMetrics("snug_http_result_bytes 0")
            #expect(try await server.send(try #require(made["location"])).code == "no_such_result")
        }
        try await withServer { server in
            let made = try await server.send("POST", "/shrink", body: TestImage.small)
            let (input, output) = (made.json["input"]?["size"]?.amount, made.json["output"]?["size"]?.amount)
            let bytes = Int(try #require(input)) + Int(try #require(output))
            try await server.waitForMetrics("snug_http_result_bytes \(bytes)")
        }
    }

    @Test("The key that Tinify's clients send is the token")
    func key() async throws {
        let token = try BearerToken("0123456789abcdef")
        try await withServer({ $0.token = token }) { server in
            let right = [("Authorization", "Basic YXBpOjAxMjM0NTY3ODlhYmNkZWY=")]
            let made = try await server.send("POST", "/shrink", right, body: TestImage.small)
            #expect(made.status == 201)
            let wrong = [("Authorization", "Basic YXBpOmtleQ==")]
            #expect(try await server.send("POST", "/shrink", wrong, body: TestImage.small).status == 401)
        }
    }
}
