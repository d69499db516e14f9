// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// What a storage in a folder has in common with one in a bucket.
@Suite struct FolderOwnershipTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func storage() throws -> any ByteStorage {
        let path = folder.path.appending("storage")
        try FileSystem.makeFolders(path)
        return try StorageAddress("file://\(path)").open(http: makeClient(), logger: quietLogger)
    }

    @Test("A folder belongs to the ledger that took it first, and passes the probe")
    func owned() async throws {
        let storage = try storage()
        let (first, second) = (
            try await SQLiteLedger.open(folder.path.appending("a")),
            try await SQLiteLedger.open(folder.path.appending("b"))
        )
        #expect(try await storage.owner() == nil)
        try await StorageOwnership.take(storage, for: first)
        try await StorageOwnership.take(storage, for: first)
        let error = await #expect(throws: StorageError.self) { try await StorageOwnership.take(storage, for: second) }
        #expect(error?.code == .refused && error?.message.contains("another ledger") == true)
        let findings = try await StorageProbe(storage, folder: folder.path).run()
        #expect(findings.count == 5 && findings.allSatisfy { $0.fault == nil }, "\(findings)")
        #expect(try await storage.owner() == StorageOwnership.name(of: first))
        #expect(storage.place == "file://\(folder.path.appending("storage"))")
    }

    @Test(
        "An address of a folder is absolute",
        arguments: [
            ("file://a/b", "file:///PATH"), ("file:///", "file:///PATH"), ("/srv/images", "file:///srv/images"),
        ])
    func wrong(text: String, part: String) {
        let error = #expect(throws: StorageError.self) { try StorageAddress(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
}
