// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

@Suite struct BucketPutTests {
    private let folder: ScratchFolder
    private let bytes = pattern(100_000)
    init() throws { folder = try ScratchFolder() }

    private var md5: String { "\"\(MessageDigest.md5(bytes).hexadecimal)\"" }

    private func put(
        to server: ScriptedBucket, waits: Waits? = nil, content: BucketContent? = nil,
        change: (inout BucketOptions) -> Void = { _ in }
    ) async throws -> UploadReceipt.Confirmation {
        try await makeBucketClient(server.endpoint, waits: waits, change: change)
            .put(try folder.file(bytes), as: "a b/k", content: content)
    }

    @Test("A small file goes in one signed request, and its checksum confirms it")
    func one() async throws {
        let server = try ScriptedBucket(ScriptedBucket.reply(200, ["ETag": md5]))
        #expect(try await put(to: server, content: BucketContent(bytes)) == .checksum)
        let request = try #require(server.requests.first)
        #expect(server.requests.count == 1 && request.body == bytes)
        #expect(request.method == "PUT" && request.target == "/bkt/a%20b/k")
        #expect(request.headers["x-amz-content-sha256"] == MessageDigest.sha256(bytes).hexadecimal)
        #expect(request.headers["x-amz-checksum-sha256"] == MessageDigest.sha256(bytes).base64)
        #expect(request.headers["authorization"]?.contains("x-amz-checksum-sha256") == true)
    }

    @Test("An overloaded server is asked again after the time that it names")
    func slowDown() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.error(503, "SlowDown", ["Retry-After": "7"]), ScriptedBucket.reply(200, ["ETag": md5]))
        let waits = Waits()
        #expect(try await put(to: server, waits: waits) == .checksum)
        #expect(waits.all == [.seconds(7)])
    }

    @Test("A success with an error in it is none")
    func errorInside() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.error(200, "InternalError"), ScriptedBucket.reply(200, ["ETag": md5]))
        #expect(try await put(to: server) == .checksum)
        #expect(server.requests.count == 2)
    }

    @Test("A server that is down for good is asked a bounded number of times")
    func bounded() async throws {
        let server = try ScriptedBucket(ScriptedBucket.error(500, "Whatever"))
        let error = await #expect(throws: BucketError.self) {
            try await put(to: server) { $0.retry.maximumAttempts = 3 }
        }
        #expect(error?.code == .unavailable && error?.status == 500)
        #expect(server.requests.count == 3)
    }

    @Test("A wait that is longer than allowed is handed to the caller")
    func longWait() async throws {
        let server = try ScriptedBucket(ScriptedBucket.error(503, "SlowDown", ["Retry-After": "3600"]))
        let error = await #expect(throws: BucketError.self) { try await put(to: server) }
        #expect(error?.code == .unavailable && error?.retryAfter == .seconds(3600))
        #expect(server.requests.count == 1)
    }

    @Test("Bytes that arrived changed are sent again, and a server that changes them always is refused")
    func changed() async throws {
        let other = "\"\(String(repeating: "ab", count: 16))\""
        let once = try ScriptedBucket(
            ScriptedBucket.reply(200, ["ETag": other]), ScriptedBucket.reply(200, ["ETag": md5]))
        #expect(try await put(to: once) == .checksum)
        let wrong = String(repeating: "A", count: 43) + "="
        let always = try ScriptedBucket(ScriptedBucket.reply(200, ["x-amz-checksum-sha256": wrong]))
        let error = await #expect(throws: BucketError.self) { try await put(to: always) }
        #expect(error?.code == .damaged)
        #expect(always.requests.count == 3)
    }

    @Test("A server whose ETags are no digests is asked for the length")
    func opaque() async throws {
        let other = "\"\(String(repeating: "ab", count: 16))\""
        let facts = ["Content-Length": "100000", "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"]
        let steps = ScriptedBucket.reply(200, ["ETag": other])
        let server = try ScriptedBucket(steps, steps, ScriptedBucket.reply(200, facts))
        #expect(try await put(to: server) == .length)
        #expect(server.requests.map(\.method) == ["PUT", "PUT", "HEAD"])
    }

    @Test("A success without an object behind it is noticed")
    func noObject() async throws {
        let server = try ScriptedBucket(ScriptedBucket.reply(200), ScriptedBucket.reply(404))
        let error = await #expect(throws: BucketError.self) { try await put(to: server) }
        #expect(error?.code == .misbehaved)
    }

    @Test("A file that is not what its name promises is not sent")
    func promise() async throws {
        let server = try ScriptedBucket(ScriptedBucket.reply(200, ["ETag": md5]))
        let error = await #expect(throws: BucketError.self) {
            try await put(to: server, content: BucketContent(pattern(99_999)))
        }
        #expect(error?.code == .damaged && server.requests.isEmpty)
        let missing = await #expect(throws: BucketError.self) {
            try await makeBucketClient(server.endpoint).put("/nowhere/at-all", as: "k")
        }
        #expect(missing?.code == .fileFailed)
    }

    @Test(
        "What a server refuses is said with the remedy",
        arguments: [
            (403, "AccessDenied", BucketError.Code.credentialsRefused), (404, "NoSuchBucket", .noBucket),
            (400, "InvalidRequest", .refused), (501, "NotImplemented", .refused),
        ])
    func refused(status: Int, code: String, expected: BucketError.Code) async throws {
        let server = try ScriptedBucket(ScriptedBucket.error(status, code))
        let error = await #expect(throws: BucketError.self) { try await put(to: server) }
        #expect(error?.code == expected && error?.status == status)
        #expect(error?.message.contains(code) == true)
        // Where the checksum may be the reason, once more without it.
        #expect(server.requests.count == ([400, 501].contains(status) ? 2 : 1))
    }

    @Test("A server that does not know checksums of S3 gets the MD5, and is not asked again", arguments: [400, 501])
    func noChecksums(status: Int) async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.error(status, "NotImplemented"), ScriptedBucket.reply(200, ["ETag": md5]))
        let client = try makeBucketClient(server.endpoint)
        let file = try folder.file(bytes)
        for key in ["a", "b"] { #expect(try await client.put(file, as: key) == .checksum) }
        #expect(server.requests.map { $0.headers["x-amz-checksum-sha256"] != nil } == [true, false, false])
        let expected = MessageDigest.md5(bytes).base64
        #expect(server.requests.map { $0.headers["content-md5"] } == [nil, expected, expected])
    }

    @Test("Bytes are created where none are, also at a server without conditional requests")
    func create() async throws {
        let there = try ScriptedBucket(ScriptedBucket.error(412, "PreconditionFailed"))
        #expect(try await !makeBucketClient(there.endpoint).create([1], as: "k"))
        let old = try ScriptedBucket(
            ScriptedBucket.error(501, "NotImplemented"), ScriptedBucket.reply(404), ScriptedBucket.reply(200))
        #expect(try await makeBucketClient(old.endpoint).create([1], as: "k"))
        #expect(old.requests.map(\.method) == ["PUT", "HEAD", "PUT"])
        #expect(old.requests.map { $0.headers["if-none-match"] } == ["*", nil, nil])
    }

    @Test("A secret that a server echoes is not repeated")
    func secret() async throws {
        let body = "<Error><Code>AccessDenied</Code><Message>wrong key very-secret-key</Message></Error>"
        // Also in a success that is none.
        let success = try ScriptedBucket(ScriptedBucket.reply(200, [:], "<?xml version=\"1.0\"?>\n" + body))
        let late = await #expect(throws: BucketError.self) {
            try await makeBucketClient(success.endpoint, secret: "very-secret-key") { $0.retry.maximumAttempts = 1 }
                .put(try folder.file(bytes), as: "k")
        }
        #expect(late?.message.contains("AccessDenied") == true && late?.message.contains("very-secret-key") == false)
        let server = try ScriptedBucket(ScriptedBucket.reply(403, [:], body))
        let error = await #expect(throws: BucketError.self) {
            try await makeBucketClient(server.endpoint, secret: "very-secret-key")
                .put(try folder.file(bytes), as: "k")
        }
        #expect(error?.message.contains("wrong key ***") == true)
        #expect(!"\(String(describing: error))".contains("very-secret-key"))
    }

    @Test("The parts of a large file that cannot be finished are removed")
    func parts() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.reply(404), ScriptedBucket.reply(200, [:], "<R><UploadId>u1</UploadId></R>"),
            ScriptedBucket.error(403, "AccessDenied"), ScriptedBucket.reply(204),
            ScriptedBucket.error(404, "NoSuchUpload"))
        let error = await #expect(throws: BucketError.self) {
            try await put(to: server) {
                $0.singleRequestLimit = 1000
                $0.parallelism = 1
            }
        }
        #expect(error?.code == .credentialsRefused)
        let lines = server.requests.map { "\($0.method) \($0.target)" }
        #expect(lines.contains("DELETE /bkt/a%20b/k?uploadId=u1"))
    }
}
