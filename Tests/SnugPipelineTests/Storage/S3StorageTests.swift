// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite struct S3StorageTests {
    private let server: FakeObjectServer
    private let folder: TemporaryFolder
    private let bytes = pattern(70_000)
    private let object: StoredObject

    init() throws {
        server = try FakeObjectServer()
        folder = try TemporaryFolder()
        object = StoredObject(digest: MessageDigest.sha256(bytes).hexadecimal, byteCount: bytes.count)
        try Data(bytes).write(to: URL(filePath: file.string))
    }

    private var file: FilePath { folder.path.appending("in") }
    private var key: String { "p/sha256/\(object.digest.prefix(2))/\(object.digest)" }

    private func storage(prefix: String = "p", retries: Int = 3) throws -> S3Storage {
        var options = BucketOptions()
        options.retry = RetryPolicy(
            maximumAttempts: retries, firstDelay: .milliseconds(1), throttledDelay: .milliseconds(1))
        let settings = S3Settings(accessKeyID: "test", secretKey: Secret("testtest"))
        let address = try BucketAddress(name: "bkt", endpoint: try HTTPURL(server.endpoint))
        let client = BucketClient(
            address, settings: settings, client: try makeClient(), options: options, logger: quietLogger)
        return S3Storage(client, prefix: prefix)
    }

    @Test("A file is stored once under its digest, and fetched from there")
    func once() async throws {
        let storage = try storage()
        try await storage.store(file, as: object)
        #expect(server.keys == [key] && server[key]?.bytes == bytes)
        server.advance(days: 3.4)
        server.forgetRequests()
        try await storage.store(file, as: object)
        #expect(server.requests == ["HEAD /bkt/\(key)"])
        let out = folder.path.appending("a/out")
        try await storage.fetch(object, to: out)
        #expect(try Array(Data(contentsOf: URL(filePath: out.string))) == bytes)
        try await storage.remove(object.digest)
        try await storage.remove(object.digest)
        #expect(server.keys.isEmpty)
        #expect(try await storage.age(of: object.digest) == nil)
    }

    @Test("An object that might be taken for an orphan soon is sent again, which makes it new")
    func renewed() async throws {
        let storage = try storage()
        try await storage.store(file, as: object)
        server.advance(days: 3.6)
        #expect(try await storage.age(of: object.digest) ?? .zero > .seconds(3 * 86_400))
        server.forgetRequests()
        try await storage.store(file, as: object)
        #expect(server.requests.map { $0.prefix(4) } == ["HEAD", "PUT ", "HEAD"])
        #expect(try await storage.age(of: object.digest) == .zero)
    }

    @Test("An object of another length, which an old fault has left, is replaced")
    func otherLength() async throws {
        server.put(key, [1, 2, 3])
        try await storage().store(file, as: object)
        #expect(server[key]?.bytes == bytes)
    }

    @Test("Objects are listed in order, page by page, and what is not ours is left out")
    func lists() async throws {
        let storage = try storage()
        let digests = (0..<7).map { MessageDigest.sha256([UInt8($0)]).hexadecimal }.sorted()
        for (index, digest) in digests.enumerated() {
            server.put("p/" + (try StoredObject.path(of: digest)), [UInt8](repeating: 0, count: index), daysAgo: 2)
        }
        server.put("p/sha256/00/notes.txt", [1])
        server.put("p/sha256/zz/\(digests[0])", [1])
        server.put("p/other", [1])
        server.put("q/sha256/\(digests[0].prefix(2))/\(digests[0])", [1])
        server.setPageSize(2)
        var listed: [ListedObject] = []
        while true {
            let page = try await storage.objects(after: listed.last?.digest)
            if page.isEmpty { break }
            listed += page
        }
        #expect(listed.map(\.digest) == digests && listed.map(\.byteCount) == Array(0..<7))
        #expect(listed.allSatisfy { $0.age == .seconds(2 * 86_400) })
    }

    @Test("The whole bucket can be the storage")
    func noPrefix() async throws {
        let storage = try storage(prefix: "")
        try await storage.store(file, as: object)
        #expect(server.keys == [String(key.dropFirst(2))])
        #expect(try await storage.objects(after: nil).map(\.digest) == [object.digest])
    }

    @Test(
        "Faults are told in the terms of a storage",
        arguments: [
            (503, StorageError.Code.unavailable), (500, .unavailable), (403, .refused), (404, .missing),
            (400, .refused),
        ])
    func faults(status: Int, expected: StorageError.Code) async throws {
        let storage = try storage()
        server.fail(status, status, status)
        let error = await #expect(throws: StorageError.self) {
            try await storage.fetch(object, to: folder.path.appending("out"))
        }
        #expect(error?.code == expected && error?.message.hasPrefix("s3://bkt/p: ") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path.appending("out").string))
    }

    @Test("A fault that passes is not noticed")
    func passing() async throws {
        let storage = try storage()
        server.fail(503, 500)
        try await storage.store(file, as: object)
        #expect(server[key]?.bytes == bytes)
    }

    @Test("Damaged objects are not handed out, and damaged files not stored")
    func damaged() async throws {
        let storage = try storage()
        server.put(key, pattern(69_999) + [1])
        let fetched = await #expect(throws: StorageError.self) {
            try await storage.fetch(object, to: folder.path.appending("out"))
        }
        #expect(fetched?.code == .damaged)
        var other = object
        other.digest = String(repeating: "0", count: 64)
        let wrong = other
        let stored = await #expect(throws: StorageError.self) { try await storage.store(file, as: wrong) }
        #expect(stored?.code == .damaged && server.keys == [key])
        let missing = await #expect(throws: StorageError.self) {
            try await storage.store("/nowhere/at-all", as: wrong)
        }
        #expect(missing?.code == .ioFailed)
    }

    @Test("A name that is no digest is refused", arguments: ["", "..", "ABCDEF", String(repeating: "g", count: 64)])
    func names(digest: String) async throws {
        let storage = try storage()
        await #expect(throws: StorageError.self) { try await storage.remove(digest) }
        #expect(server.requests.isEmpty)
    }

    @Test("A sweep of a bucket aborts uploads of our objects that were begun long ago, by the server's clock")
    func unfinished() async throws {
        let storage = try storage()
        for (number, name) in ["a", "b", "c"].enumerated() {
            server.begin(name, of: key, daysAgo: 6.5 + Double(number))
        }
        server.begin("other's", of: "p/sha256/notes", daysAgo: 100)
        server.begin("outside", of: "q/" + key.dropFirst(2), daysAgo: 100)
        server.setPageSize(1)
        let sweeper = StorageSweeper(storage, ledger: InMemoryLedger(), logger: quietLogger)
        let plan = try await sweeper.sweep(isDryRun: true)
        #expect(plan.unfinished == 3 && plan.unfinishedRemoved == 2 && server.uploads.count == 5)
        #expect(try await sweeper.sweep() == plan)
        #expect(server.uploads == ["a", "other's", "outside"])
        server.advance(days: 1)
        #expect(try await sweeper.sweep().unfinishedRemoved == 1)
        server.listNoUploads()
        let note = try await sweeper.sweep().unfinishedNote
        #expect(note?.contains("lists no unfinished uploads") == true, "\(note ?? "")")
    }

    @Test("A sweep of a bucket removes what no job refers to")
    func sweep() async throws {
        let storage = try storage()
        try await storage.store(file, as: object)
        let orphan = MessageDigest.sha256([7]).hexadecimal
        server.put("p/" + (try StoredObject.path(of: orphan)), [7], daysAgo: 1)
        let ledger = InMemoryLedger()
        _ = try ledger.enqueue([
            NewJob(JobIdentity(contentHash: object.digest, pipeline: "p"), name: "n", folder: "in")
        ])
        let sweeper = StorageSweeper(storage, ledger: ledger, logger: quietLogger)
        #expect(try await sweeper.sweep().young == 2)
        server.advance(days: 6.5)
        #expect(try await sweeper.sweep().removed == 1)
        #expect(server.keys == [key])
        server.advance(days: 100)
        #expect(try await sweeper.sweep().referred == 1)
        #expect(server.keys == [key])
    }
}
