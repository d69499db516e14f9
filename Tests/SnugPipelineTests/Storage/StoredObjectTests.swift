// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite struct StoredObjectTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)

    @Test("A digest has one path, and the path leads back to it")
    func paths() throws {
        let path = try StoredObject.path(of: Self.digest)
        #expect(path == "sha256/01/\(Self.digest)")
        #expect(StoredObject.digest(ofPath: path) == Self.digest)
    }

    @Test(
        "Another path is none of an object",
        arguments: [
            "", "sha256", "sha256/01", "sha256/01/", "sha256//\(digest)", "sha256/02/\(digest)", "sha256/0/\(digest)",
            "sha256/01/\(digest)/", "/sha256/01/\(digest)", "sha1/01/\(digest)", "sha256/01/\(digest.uppercased())",
            "sha256/01/\(digest.dropLast())", "sha256/01/\(digest)0", "sha256/\(digest)/\(digest)",
        ])
    func otherPaths(path: String) { #expect(StoredObject.digest(ofPath: path) == nil) }

    @Test("Paths are in the order of their digests")
    func order() throws {
        var random = SeededGenerator(seed: 3)
        let letters = Array("0123456789abcdef")
        let digests = (0..<200).map { _ in
            String((0..<64).map { _ in letters[Int.random(in: 0..<16, using: &random)] })
        }
        let paths = try digests.map { digest throws in try StoredObject.path(of: digest) }
        #expect(try digests.sorted().map { digest throws in try StoredObject.path(of: digest) } == paths.sorted())
        for digest in digests {
            let before = try #require(StoredObject.predecessor(of: digest))
            #expect(before < digest && StoredObject.isDigest(before))
        }
    }

    @Test("The age of an object is found in the list, where a storage cannot be asked for it")
    func age() async throws {
        let storage = MemoryStorage([
            ListedObject(digest: Self.digest, byteCount: 1, age: .seconds(5)),
            ListedObject(digest: String(repeating: "f", count: 64), byteCount: 1, age: .seconds(6)),
        ])
        let plain: any ByteStorage = PlainStorage(storage)
        #expect(try await plain.age(of: Self.digest) == .seconds(5))
        #expect(try await plain.age(of: String(repeating: "1", count: 64)) == nil)
        #expect(try await plain.age(of: String(repeating: "f", count: 64)) == .seconds(6))
    }

    @Test(
        "A bucket's failure is told in the terms of a storage",
        arguments: [
            (BucketError.Code.notFound, StorageError.Code.missing), (.damaged, .damaged), (.fileFailed, .ioFailed),
            (.unavailable, .unavailable), (.misbehaved, .unavailable), (.invalidAddress, .refused),
            (.noBucket, .refused), (.credentialsRefused, .refused), (.refused, .refused),
        ])
    func mapped(code: BucketError.Code, expected: StorageError.Code) {
        let error = StorageError(BucketError(code, "words", retryAfter: .seconds(3)), at: "s3://b/p")
        #expect(error == StorageError(expected, "s3://b/p: words", retryAfter: .seconds(3)))
    }

    @Test("Keys are read from variables or files; a session token is optional in a variable, and not in a file")
    func keys() throws {
        let folder = try TemporaryFolder()
        try folder.write(Array("id\n".utf8), to: "id")
        try folder.write(Array("  secret \nmore".utf8), to: "secret")
        let (id, secret) = (folder.path.appending("id"), folder.path.appending("secret"))
        var keys = StorageKeys(
            accessKeyID: .file(id), secretKey: .file(secret), sessionToken: .environment("SNUG_TEST_NO_SUCH_VARIABLE"))
        let settings = try keys.read(region: "r")
        #expect(settings.accessKeyID == "id" && settings.secretKey == Secret("secret") && settings.region == "r")
        #expect(settings.sessionToken == nil)
        keys.sessionToken = .file(secret)
        #expect(try keys.read(region: "r").sessionToken == Secret("secret"))
        // The token of the environment is that of other keys.
        keys.sessionToken = StorageKeys().sessionToken
        #expect(try keys.read(region: "r").sessionToken == nil)
        keys.sessionToken = .file(folder.path.appending("nowhere"))
        #expect(throws: StorageError.self) { try keys.read(region: "r") }
    }
}

/// A storage that has only what every storage must have.
private struct PlainStorage: ByteStorage {
    let storage: MemoryStorage

    init(_ storage: MemoryStorage) { self.storage = storage }

    var place: String { storage.place }
    func store(_ file: FilePath, as object: StoredObject) async throws {}
    func fetch(_ object: StoredObject, to file: FilePath) async throws {}
    func objects(after digest: String?) async throws -> [ListedObject] { try await storage.objects(after: digest) }
    func remove(_ digest: String) async throws {}
    func forEachUnfinished(_ visit: (UnfinishedObject) async throws -> Void) async throws {}
    func removeUnfinished(_ object: UnfinishedObject) async throws {}
    func owner() async throws -> String? { nil }
    func setOwner(_ ledger: String) async throws {}
}
