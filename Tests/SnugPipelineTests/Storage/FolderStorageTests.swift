// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// A storage in a folder.
@Suite struct FolderStorageTests {
    private let folder: TemporaryFolder
    private let storage: FolderStorage

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolders(folder.path.appending("shared"))
        storage = try FolderStorage(folder.path.appending("shared"))
    }

    private func object(_ bytes: [UInt8]) -> StoredObject {
        StoredObject(digest: MessageDigest.sha256(bytes).hexadecimal, byteCount: bytes.count)
    }

    @discardableResult
    private func store(_ text: String) async throws -> StoredObject {
        let file = try folder.write(Array(text.utf8), to: "source")
        try await storage.store(file, as: object(Array(text.utf8)))
        return object(Array(text.utf8))
    }

    private func expectFault(_ code: StorageError.Code, _ body: () async throws -> Void) async {
        await #expect {
            try await body()
        } throws: {
            ($0 as? StorageError)?.code == code && ($0 as? StorageError)?.message.isEmpty == false
        }
    }

    @Test(
        "What is stored on one host is fetched on another, byte for byte, and is one object however often it is stored")
    func roundTrip() async throws {
        let known = try await store("abc")
        #expect(known.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        try await store("abc")
        let other = try FolderStorage(folder.path.appending("shared"))
        let target = folder.path.appending("fetched/deep/a.jpg")
        try await other.fetch(known, to: target)
        #expect(try FileDescriptor.contents(of: target) == Array("abc".utf8))
        #expect(folder.files().filter { $0.hasPrefix("shared/sha256/") } == ["shared/sha256/ba/\(known.digest)"])
        #expect(folder.files().filter { $0.contains(".snug-") } == ["shared/.snug-storage"])
    }

    @Test("Objects are listed once each in the order of their names, with their sizes and ages")
    func listing() async throws {
        var digests: [String] = []
        for number in 0..<40 { digests.append(try await store("object \(number)").digest) }
        try folder.write([1], to: "shared/sha256/ba/README")
        var (found, last): ([ListedObject], String?) = ([], nil)
        while true {
            let page = try await storage.objects(after: last)
            guard let end = page.last else { break }
            found += page
            last = end.digest
        }
        #expect(found.map(\.digest) == digests.sorted())
        #expect(found.allSatisfy { (8...9).contains($0.byteCount) && $0.age >= .zero && $0.age < .seconds(600) })
    }

    @Test("A removed object is missing; removing it again is no error")
    func removal() async throws {
        let known = try await store("abc")
        try await storage.remove(known.digest)
        try await storage.remove(known.digest)
        await expectFault(.missing) { try await storage.fetch(known, to: folder.path.appending("x")) }
        #expect(try await storage.objects(after: nil) == [])
        #expect(try folder.bytes(of: "x") == nil)
    }

    @Test("A temporary file of a host that was killed is found with its age, and removed; nothing else is")
    func unfinished() async throws {
        let known = try await store("abc")
        for name in [".snug-0123456789", "sha256/ba/.snug-killed", "sha256/ba/.other", "elsewhere/.snug-x"] {
            try folder.write([1], to: "shared/\(name)")
        }
        var found: [UnfinishedObject] = []
        try await storage.forEachUnfinished { found.append($0) }
        #expect(found.map(\.name) == [".snug-0123456789", "sha256/ba/.snug-killed"])
        #expect(found.allSatisfy { $0.age.map { $0 < .seconds(600) } == true })
        for object in found + found { try await storage.removeUnfinished(object) }
        var rest = 0
        try await storage.forEachUnfinished { _ in rest += 1 }
        #expect(rest == 0 && folder.files().contains("shared/.snug-storage"))
        await expectFault(.refused) {
            try await storage.removeUnfinished(UnfinishedObject(name: "sha256/ba/\(known.digest)", age: nil))
        }
        #expect(folder.files().contains("shared/sha256/ba/\(known.digest)"))
    }

    @Test("An old object is stored again, which makes it new")
    func renewal() async throws {
        let known = try await store("abc")
        let path = folder.path.appending("shared/sha256/ba/\(known.digest)")
        let process = try ChildProcess(["/usr/bin/touch", "-d", "2020-01-01", path.string], folder: folder.path)
        #expect(try await onThread { process.wait() } == 0)
        #expect(try await storage.objects(after: nil)[0].age > .seconds(86_400))
        try await store("abc")
        #expect(try await storage.objects(after: nil)[0].age < .seconds(600))
    }

    @Test("Bytes that are not those of the name are never handed out, nor stored")
    func damage() async throws {
        let known = try await store("abc")
        for wrong in ["abd", "ab", "abcd", ""] {
            try folder.write(Array(wrong.utf8), to: "shared/sha256/ba/\(known.digest)")
            await expectFault(.damaged) { try await storage.fetch(known, to: folder.path.appending("x")) }
        }
        #expect(try folder.bytes(of: "x") == nil)
        let file = try folder.write(Array("changed".utf8), to: "source")
        await expectFault(.ioFailed) { try await storage.store(file, as: object(Array("before!".utf8))) }
        #expect(try await storage.objects(after: nil).count == 1)
        await expectFault(.ioFailed) { try await storage.store(folder.path.appending("none"), as: object([1])) }
        #expect(folder.files().filter { $0.contains(".snug-") } == ["shared/.snug-storage"])
    }

    @Test("A folder that is not mounted is unavailable, for all calls, and nothing is written below it")
    func absence() async throws {
        let known = try await store("abc")
        let file = try folder.write(Array("abc".utf8), to: "source")
        try FileSystem.rename(folder.path.appending("shared"), folder.path.appending("away"))
        for isEmptyFolder in [false, true] {
            if isEmptyFolder { try FileSystem.makeFolder(folder.path.appending("shared")) }
            await expectFault(.unavailable) { try await storage.store(file, as: known) }
            await expectFault(.unavailable) { try await storage.fetch(known, to: folder.path.appending("x")) }
            await expectFault(.unavailable) { _ = try await storage.objects(after: nil) }
            await expectFault(.unavailable) { try await storage.remove(known.digest) }
        }
        #expect(folder.files().filter { $0.hasPrefix("shared/") } == [])
        try FileSystem.removeFolder(folder.path.appending("shared"))
        await expectFault(.unavailable) { _ = try FolderStorage(folder.path.appending("shared")) }
        try FileSystem.rename(folder.path.appending("away"), folder.path.appending("shared"))
        try await storage.fetch(known, to: folder.path.appending("x"))
    }

    @Test(
        "A name that is no digest reaches no path",
        arguments: ["", "../../etc/passwd", String(repeating: "a", count: 63), String(repeating: "A", count: 64), "/a"])
    func names(digest: String) async throws {
        let file = try folder.write([1], to: "source")
        let object = StoredObject(digest: digest, byteCount: 1)
        await expectFault(.refused) { try await storage.store(file, as: object) }
        await expectFault(.refused) { try await storage.fetch(object, to: folder.path.appending("x")) }
        await expectFault(.refused) { try await storage.remove(digest) }
    }

    @Test("A storage is named by the address of its folder, and other addresses are refused with the form to write")
    func addresses() throws {
        #expect(try StorageAddress("file:///mnt//snug/").description == "file:///mnt/snug")
        for text in ["", "/mnt", "file://", "file:///", "file://mnt", "http://a/b", "s3:"] {
            #expect(throws: StorageError.self, "\(text)") { try StorageAddress(text) }
        }
        let address = try StorageAddress("file://\(folder.path)/shared")
        #expect(try address.open(http: makeClient(), logger: quietLogger) is FolderStorage)
    }
}
