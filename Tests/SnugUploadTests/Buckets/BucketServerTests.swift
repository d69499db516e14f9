// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

@Suite struct BucketServerTests {
    private static let facts = ["Content-Length": "5", "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"]

    @Test("The age of an object is measured by the server's clock, whatever this machine's says")
    func age() async throws {
        let facts = Self.facts.merging(["Date": "Fri, 20 Nov 2026 12:10:00 GMT", "ETag": "\"e\""]) { $1 }
        let server = try ScriptedBucket(ScriptedBucket.reply(200, facts))
        let found = try await makeBucketClient(server.endpoint, now: 0).head("k")
        #expect(found == BucketObject(key: "k", byteCount: 5, age: .seconds(600), etag: "\"e\""))
        // A server whose dates run backwards has new objects.
        let early = Self.facts.merging(["Date": "Fri, 20 Nov 2026 11:00:00 GMT"]) { $1 }
        let other = try ScriptedBucket(ScriptedBucket.reply(200, early))
        #expect(try await makeBucketClient(other.endpoint).head("k")?.age == .zero)
    }

    @Test("What is not there is no object, and removing it is no error")
    func missing() async throws {
        let server = try ScriptedBucket(ScriptedBucket.reply(404))
        #expect(try await makeBucketClient(server.endpoint).head("k") == nil)
        let error = try ScriptedBucket(ScriptedBucket.error(404, "NoSuchKey"))
        try await makeBucketClient(error.endpoint).delete("k")
        let bucket = try ScriptedBucket(ScriptedBucket.error(404, "NoSuchBucket"))
        let failure = await #expect(throws: BucketError.self) {
            try await makeBucketClient(bucket.endpoint).delete("k")
        }
        #expect(failure?.code == .noBucket)
    }

    @Test("A description without length or time is refused")
    func noFacts() async throws {
        let server = try ScriptedBucket(ScriptedBucket.reply(200, ["Content-Length": "5"]))
        let error = await #expect(throws: BucketError.self) { try await makeBucketClient(server.endpoint).head("k") }
        #expect(error?.code == .misbehaved)
    }

    @Test("A request for a bucket of another region is signed for that one, and so are all later ones")
    func region() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.reply(301, ["x-amz-bucket-region": "eu-central-1"]), ScriptedBucket.reply(200, Self.facts))
        let client = try makeBucketClient(server.endpoint)
        #expect(try await client.head("k") != nil)
        #expect(try await client.head("k") != nil)
        let scopes = server.requests.map { $0.headers["authorization"]?.contains("/eu-central-1/s3/") }
        #expect(scopes == [false, true, true])
    }

    @Test("A region in the text of an error counts, and a name that is none does not")
    func regionInText() async throws {
        func body(_ region: String) -> String {
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>\(region)</Region></Error>"
        }
        let server = try ScriptedBucket(
            ScriptedBucket.reply(400, [:], body("ap-south-2")), ScriptedBucket.reply(204))
        try await makeBucketClient(server.endpoint).delete("k")
        #expect(server.requests.last?.headers["authorization"]?.contains("/ap-south-2/s3/") == true)
        let liar = try ScriptedBucket(ScriptedBucket.reply(400, [:], body("evil.example/x")))
        let error = await #expect(throws: BucketError.self) { try await makeBucketClient(liar.endpoint).delete("k") }
        #expect(error?.code == .refused && liar.requests.count == 1)
    }

    @Test("A server that names another region each time is followed once")
    func regions() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.reply(301, ["x-amz-bucket-region": "a-1"]),
            ScriptedBucket.reply(301, ["x-amz-bucket-region": "a-2"]))
        await #expect(throws: BucketError.self) { try await makeBucketClient(server.endpoint).head("k") }
        #expect(server.requests.count == 2)
    }

    @Test("A redirect to another server gets no keys, and is named in the error")
    func redirect() async throws {
        let other = try ScriptedBucket(ScriptedBucket.reply(200, Self.facts))
        let server = try ScriptedBucket(ScriptedBucket.reply(307, ["Location": "\(other.endpoint)/bkt/k"]))
        let error = await #expect(throws: BucketError.self) { try await makeBucketClient(server.endpoint).head("k") }
        #expect(error?.code == .refused && error?.message.contains(other.endpoint) == true)
        #expect(other.requests.isEmpty)
    }

    @Test("A request that a wrong clock has dated is dated by the server's")
    func skew() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.error(403, "RequestTimeTooSkewed", ["Date": "Fri, 20 Nov 2026 12:00:00 GMT"]),
            ScriptedBucket.reply(204))
        try await makeBucketClient(server.endpoint, now: 1_000_000_000).delete("k")
        #expect(server.requests.map { $0.headers["x-amz-date"] } == ["20010909T014640Z", "20261120T120000Z"])
        let stubborn = try ScriptedBucket(
            ScriptedBucket.error(403, "RequestTimeTooSkewed", ["Date": "Fri, 20 Nov 2026 12:00:00 GMT"]))
        let error = await #expect(throws: BucketError.self) {
            try await makeBucketClient(stubborn.endpoint, now: 1_000_000_000).delete("k")
        }
        #expect(error?.code == .credentialsRefused && stubborn.requests.count == 2)
    }

    @Test("A server that is not there is unavailable, and an address of no server is refused")
    func unreachable() async throws {
        let port = try RefusingPort()
        defer { withExtendedLifetime(port) {} }
        let error = await #expect(throws: BucketError.self) {
            try await makeBucketClient("http://127.0.0.1:\(port.port)") { $0.retry.maximumAttempts = 2 }.head("k")
        }
        #expect(error?.code == .unavailable)
        let plain = await #expect(throws: BucketError.self) {
            try await makeBucketClient("http://storage.example:9000").head("k")
        }
        #expect(plain?.code == .refused && plain?.message.contains("https") == true)
    }

    @Test(
        "An address is made in the style that the server needs",
        arguments: [
            ("bkt", nil, nil, "https://bkt.s3.eu-west-1.amazonaws.com/a%20b"),
            ("my.bkt", nil, nil, "https://s3.eu-west-1.amazonaws.com/my.bkt/a%20b"),
            ("bkt", nil, BucketAddress.Style.path, "https://s3.eu-west-1.amazonaws.com/bkt/a%20b"),
            ("bkt", "https://host:9000", nil, "https://host:9000/bkt/a%20b"),
            ("bkt", "https://host/s3/", nil, "https://host/s3/bkt/a%20b"),
            ("bkt", "https://host:9000", .virtualHost, "https://bkt.host:9000/a%20b"),
        ] as [(String, String?, BucketAddress.Style?, String)])
    func addresses(name: String, endpoint: String?, style: BucketAddress.Style?, expected: String) throws {
        let address = try BucketAddress(name: name, endpoint: try endpoint.map { try HTTPURL($0) }, style: style)
        #expect(try address.url(of: "a b", region: "eu-west-1").text == expected)
    }

    @Test("China's regions have a domain of their own")
    func china() throws {
        let address = try BucketAddress(name: "bkt")
        #expect(try address.url(of: nil, region: "cn-north-1").text == "https://bkt.s3.cn-north-1.amazonaws.com.cn/")
    }

    @Test("Names of no bucket are refused", arguments: ["", "a/b", "a..b", ".a", "a b", "a?b", "ä", "a@b"])
    func names(name: String) {
        #expect(throws: BucketError.self) { try BucketAddress(name: name) }
    }

    @Test("Names of objects have a length that S3 allows")
    func keys() async throws {
        let client = try makeBucketClient("https://host")
        for key in ["", String(repeating: "a", count: 1025)] {
            let error = await #expect(throws: BucketError.self) { try await client.head(key) }
            #expect(error?.code == .invalidAddress)
        }
    }
}
