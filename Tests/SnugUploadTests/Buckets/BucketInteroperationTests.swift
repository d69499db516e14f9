// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// The bucket's client against servers that others wrote.
@Suite(.serialized) struct BucketInteroperationTests {
    private let folder: ScratchFolder
    private let bytes = pattern(12_345_678)
    init() throws { folder = try ScratchFolder() }

    private func client(
        _ bucket: Bucket, name: String = "bkt", secret: String = "testtest",
        change: (inout BucketOptions) -> Void = { _ in }
    ) throws -> BucketClient {
        try makeBucketClient(bucket.server.url(""), bucket: name, secret: secret, change: change)
    }

    @Test("Objects are stored, described, fetched and removed", arguments: ["seaweedfs", "moto"])
    func objects(server: String) async throws {
        let bucket = try await Bucket(server)
        let client = try client(bucket)
        let small = Array(bytes[..<70_000])
        let file = try folder.file(small)
        #expect(try await client.head("p/small") == nil)
        let confirmation = try await client.put(file, as: "p/small", content: BucketContent(small))
        #expect(confirmation == .checksum)
        let found = try #require(try await client.head("p/small"))
        #expect(found.byteCount == small.count && found.age < .seconds(60))
        let out = folder.path.appending("out")
        try await client.get("p/small", to: out, content: BucketContent(small))
        #expect(folder.bytes("out") == small)
        // Another object under the name that promises these bytes.
        let damaged = await #expect(throws: BucketError.self) {
            try await client.get("p/small", to: out, content: BucketContent(bytes))
        }
        #expect(damaged?.code == .damaged && folder.bytes("out") == small)
        try await client.put(try folder.file([], named: "none"), as: "p/empty")
        try await client.get("p/empty", to: out, content: BucketContent([]))
        #expect(folder.bytes("out") == [])
        try await client.delete("p/small")
        try await client.delete("p/small")
        let missing = await #expect(throws: BucketError.self) {
            try await client.get("p/small", to: out, content: BucketContent(small))
        }
        #expect(missing?.code == .notFound)
    }

    @Test("A large file goes in parts and comes back whole", arguments: ["seaweedfs", "moto"])
    func large(server: String) async throws {
        let bucket = try await Bucket(server)
        let client = try client(bucket) {
            $0.singleRequestLimit = 1 << 20
            $0.partSize = 5 << 20
        }
        let file = try folder.file(bytes)
        #expect(try await client.put(file, as: "large", content: BucketContent(bytes)) == .checksum)
        try await client.get("large", to: folder.path.appending("out"), content: BucketContent(bytes))
        #expect(folder.bytes("out") == bytes)
        #expect(try await bucket.unfinished().isEmpty)
    }

    @Test("Lists come in pages, in order, with odd names as they are", arguments: ["seaweedfs", "moto"])
    func lists(server: String) async throws {
        let bucket = try await Bucket(server)
        let client = try client(bucket)
        let keys = [
            "l/a b", "l/a&b<c>", "l/a+b", "l/a%2Bb", "l/é", "l/ab/c", "l/ab/d", "l/'\"", "l/~_-.!*()", "m/other",
        ]
        let file = try folder.file([1, 2, 3])
        for key in keys {
            try await client.put(file, as: key)
            #expect(try await client.head(key)?.byteCount == 3)
        }
        let expected = keys.dropLast().sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var listed: [String] = []
        var page = try await client.list(prefix: "l/", limit: 4)
        #expect(page.next != nil)
        listed += page.objects.map(\.key)
        while let next = page.next {
            page = try await client.list(prefix: "l/", continuation: next, limit: 4)
            listed += page.objects.map(\.key)
        }
        #expect(listed == expected)
        let after = try await client.list(prefix: "l/", after: expected[3])
        #expect(after.objects.map(\.key) == Array(expected[4...]) && after.next == nil)
        #expect(after.objects.allSatisfy { $0.byteCount == 3 && $0.age < .seconds(120) })
        #expect(try await client.list(prefix: "none/").objects.isEmpty)
        for key in keys { try await client.delete(key) }
        #expect(try await client.list(prefix: "l/").objects.isEmpty)
    }

    @Test("Uploads that never ended are listed, page by page, and aborted", arguments: ["seaweedfs", "moto"])
    func unfinished(server: String) async throws {
        let bucket = try await Bucket(server)
        let client = try client(bucket)
        let keys = ["u/a", "u/b b", "u/b b", "u/c", "v/d"]
        for key in keys {
            let path = "/bkt/" + key.replacing(" ", with: "%20")
            let response = try await plainClient().send(bucket.signed("POST", path + "?uploads="))
            #expect(response.isSuccess)
        }
        var found: [BucketUpload] = []
        var page = try await client.unfinishedUploads(prefix: "u/", limit: 2)
        found += page.uploads
        while let next = page.next {
            page = try await client.unfinishedUploads(prefix: "u/", continuation: next, limit: 2)
            found += page.uploads
        }
        #expect(found.map(\.key).sorted() == Array(keys.dropLast()) && Set(found.map(\.id)).count == 4)
        // moto gives every upload one date of long ago.
        #expect(found.allSatisfy { $0.age.map { server == "moto" || $0 < .seconds(120) } == true })
        for upload in found { try await client.abort(upload) }
        for upload in found { try await client.abort(upload) }
        #expect(try await bucket.unfinished() == ["v/d"])
    }

    @Test("Of two who create an object, the first one does", arguments: ["seaweedfs", "moto"])
    func create(server: String) async throws {
        let bucket = try await Bucket(server)
        let client = try client(bucket)
        #expect(try await client.read("c", maximum: 10) == nil)
        #expect(try await client.create([1, 2, 3], as: "c"))
        #expect(try await !client.create([4], as: "c"))
        #expect(try await client.read("c", maximum: 10) == [1, 2, 3])
        let error = await #expect(throws: BucketError.self) { try await client.read("c", maximum: 2) }
        #expect(error?.code == .refused)
    }

    @Test("A bucket that is not there is named as the reason", arguments: ["seaweedfs", "moto"])
    func noBucket(server: String) async throws {
        let bucket = try await Bucket(server)
        let client = try client(bucket, name: "nowhere")
        let error = await #expect(throws: BucketError.self) { try await client.list() }
        #expect(error?.code == .noBucket)
        if server == "moto" {
            let file = try folder.file([1])
            let refused = await #expect(throws: BucketError.self) { try await client.put(file, as: "k") }
            #expect(refused?.code == .noBucket)
        }
    }

    @Test("Wrong keys are refused at once, and said to be wrong")
    func wrongKeys() async throws {
        let bucket = try await Bucket()
        let client = try client(bucket, secret: "wrong-secret")
        let file = try folder.file([1])
        let out = folder.path.appending("out")
        for call: @Sendable () async throws -> Void in [
            { try await client.put(file, as: "k") }, { _ = try await client.head("k") },
            { _ = try await client.list() },
            { try await client.get("k", to: out, content: BucketContent([1])) }, { try await client.delete("k") },
        ] {
            let error = await #expect(throws: BucketError.self) { try await call() }
            #expect(error?.code == .credentialsRefused)
            #expect(!"\(String(describing: error))".contains("wrong-secret"))
        }
    }
}
