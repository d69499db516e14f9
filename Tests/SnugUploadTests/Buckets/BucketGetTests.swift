// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

@Suite struct BucketGetTests {
    private let folder: ScratchFolder
    private let bytes = pattern(500_000)
    init() throws { folder = try ScratchFolder() }

    private func get(
        from server: ScriptedBucket, content: BucketContent? = nil, change: (inout BucketOptions) -> Void = { _ in }
    ) async throws {
        try await makeBucketClient(server.endpoint, change: change)
            .get("k", to: folder.path.appending("out"), content: content ?? BucketContent(bytes))
    }

    private func rest(_ begin: Int) -> ScriptedBucket.Step {
        ScriptedBucket.bytes(
            Array(bytes[begin...]), status: 206,
            ["ETag": "\"e\"", "Content-Range": "bytes \(begin)-\(bytes.count - 1)/\(bytes.count)"])
    }

    @Test("After a cut connection the rest is fetched, of the same object")
    func resumed() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.bytes(bytes, ["ETag": "\"e\""], cutAt: 200_000),
            { connection, request in
                let begin = Int(request.headers["range"]?.dropFirst(6).dropLast() ?? "") ?? 0
                try rest(begin)(connection, request)
            })
        try await get(from: server)
        #expect(folder.bytes("out") == bytes && folder.names == ["out"])
        let request = try #require(server.requests.last)
        #expect(server.requests.count == 2 && request.headers["if-match"] == "\"e\"")
        #expect(request.headers["range"] == "bytes=200000-")
    }

    @Test("A server that does not know ranges starts over")
    func wholeAgain() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.bytes(bytes, cutAt: 200_000), ScriptedBucket.bytes(bytes))
        try await get(from: server)
        #expect(folder.bytes("out") == bytes)
    }

    @Test("Another piece than was asked for is not taken")
    func otherRange() async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.bytes(bytes, cutAt: 200_000),
            ScriptedBucket.bytes(bytes, status: 206, ["Content-Range": "bytes 100-400/500000"]))
        let error = await #expect(throws: BucketError.self) { try await get(from: server) }
        #expect(error?.code == .misbehaved && folder.names.isEmpty)
    }

    @Test("An object that was replaced meanwhile is fetched from the beginning", arguments: [412, 416])
    func replaced(status: Int) async throws {
        let server = try ScriptedBucket(
            ScriptedBucket.bytes(pattern(400_000), ["ETag": "\"old\""], cutAt: 200_000), ScriptedBucket.reply(status),
            ScriptedBucket.bytes(bytes))
        try await get(from: server)
        #expect(folder.bytes("out") == bytes)
        #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=200000-", nil])
    }

    @Test("Wrong bytes are fetched a second time, and never published")
    func wrong() async throws {
        var other = bytes
        other[250_000] ^= 1
        let once = try ScriptedBucket(ScriptedBucket.bytes(other), ScriptedBucket.bytes(bytes))
        try await get(from: once)
        #expect(folder.bytes("out") == bytes)
        try FileManager.default.removeItem(atPath: folder.path.appending("out").string)
        let always = try ScriptedBucket(ScriptedBucket.bytes(other))
        let error = await #expect(throws: BucketError.self) { try await get(from: always) }
        #expect(error?.code == .damaged && always.requests.count == 2)
        #expect(folder.names.isEmpty)
    }

    @Test("More or fewer bytes than promised are damage", arguments: [499_999, 500_001, 5_000_000])
    func length(count: Int) async throws {
        let server = try ScriptedBucket(ScriptedBucket.bytes(pattern(count)))
        let error = await #expect(throws: BucketError.self) { try await get(from: server) }
        #expect(error?.code == .damaged && folder.names.isEmpty)
    }

    @Test("A connection that is cut again and again without a step forward is given up")
    func cutForEver() async throws {
        let server = try ScriptedBucket(ScriptedBucket.bytes(bytes, cutAt: 0))
        let error = await #expect(throws: BucketError.self) {
            try await get(from: server) { $0.retry.maximumAttempts = 4 }
        }
        #expect(error?.code == .unavailable && server.requests.count == 4)
        #expect(folder.names.isEmpty)
    }

    @Test(
        "An object or a bucket that is not there is told apart",
        arguments: [("NoSuchKey", BucketError.Code.notFound), ("NoSuchBucket", .noBucket)])
    func missing(code: String, expected: BucketError.Code) async throws {
        let server = try ScriptedBucket(ScriptedBucket.error(404, code))
        let error = await #expect(throws: BucketError.self) { try await get(from: server) }
        #expect(error?.code == expected && folder.names.isEmpty)
    }

    @Test("A file that is there is replaced, and a folder that is not is made")
    func places() async throws {
        let server = try ScriptedBucket(ScriptedBucket.bytes(bytes))
        let client = try makeBucketClient(server.endpoint)
        _ = try folder.file([1, 2, 3], named: "out")
        try await client.get("k", to: folder.path.appending("out"), content: BucketContent(bytes))
        #expect(folder.bytes("out") == bytes)
        try await client.get("k", to: folder.path.appending("a/b/out"), content: BucketContent(bytes))
        #expect(folder.bytes("a/b/out") == bytes)
        let error = await #expect(throws: BucketError.self) {
            try await client.get("k", to: folder.path.appending("out/under-a-file"), content: BucketContent(bytes))
        }
        #expect(error?.code == .fileFailed)
    }

    @Test("An empty object is an empty file")
    func empty() async throws {
        let server = try ScriptedBucket(ScriptedBucket.bytes([]))
        try await get(from: server, content: BucketContent([]))
        #expect(folder.bytes("out") == [])
    }

    @Test("A cancelled download leaves nothing")
    func cancelled() async throws {
        let server = try ScriptedBucket({ [bytes] connection, _ in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n")
            try connection.send(Array(bytes[..<100_000]))
            connection.waitForClose()
        })
        let endpoint = server.endpoint
        let out = folder.path.appending("out")
        let content = BucketContent(bytes)
        let task = Task { try await makeBucketClient(endpoint).get("k", to: out, content: content) }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(folder.names.isEmpty)
    }
}
