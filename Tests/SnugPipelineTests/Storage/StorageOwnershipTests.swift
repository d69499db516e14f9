// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugLedger
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite struct StorageOwnershipTests {
    private let server: FakeObjectServer
    private let folder: TemporaryFolder

    init() throws {
        server = try FakeObjectServer()
        folder = try TemporaryFolder()
    }

    private func storage() throws -> S3Storage {
        let client = BucketClient(
            try BucketAddress(name: "bkt", endpoint: try HTTPURL(server.endpoint)),
            settings: S3Settings(accessKeyID: "test", secretKey: Secret("testtest")), client: try makeClient(),
            logger: quietLogger)
        return S3Storage(client, prefix: "p")
    }

    private func ledger(_ name: String) async throws -> SQLiteLedger {
        try await SQLiteLedger.open(folder.path.appending(name))
    }

    private func expectRefusal(_ part: String, _ call: () async throws -> Void) async {
        let error = await #expect(throws: StorageError.self) { try await call() }
        #expect(error?.code == .refused && error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test("A storage belongs to the ledger that took it first, and to its hosts")
    func taken() async throws {
        let storage = try storage()
        let hosts = [try await ledger("a"), try await ledger("a")]
        await expectRefusal("no host has used") {
            try await StorageOwnership.check(storage, for: hosts[0])
        }
        for host in hosts { try await StorageOwnership.take(storage, for: host) }
        #expect(server.keys == ["p/ledger"])
        for host in hosts { try await StorageOwnership.check(storage, for: host) }
        let other = try await ledger("b")
        await expectRefusal("belongs to another ledger") {
            try await StorageOwnership.take(storage, for: other)
        }
        await expectRefusal("belongs to another ledger") {
            try await StorageOwnership.check(storage, for: other)
        }
        // The mark is no object, and a sweep leaves it.
        #expect(try await storage.objects(after: nil).isEmpty)
        server.advance(days: 100)
        _ = try await StorageSweeper(storage, ledger: hosts[0], logger: quietLogger).sweep()
        #expect(server.keys == ["p/ledger"])
    }

    @Test("A sweep by the word of another ledger removes nothing")
    func otherLedger() async throws {
        let storage = try storage()
        let own = try await ledger("a")
        try await StorageOwnership.take(storage, for: own)
        let digest = String(repeating: "ab", count: 32)
        server.put("p/" + (try StoredObject.path(of: digest)), [1], daysAgo: 100)
        let other = try await ledger("b")
        let now = LedgerInstant(milliseconds: 1_800_000_000_000)
        await expectRefusal("belongs to another ledger") {
            _ = try await StorageSweeper.sweepIfDue(
                storage, ledger: other, now: now, logger: quietLogger)
        }
        #expect(server.keys.count == 2)
        let report = try await StorageSweeper.sweepIfDue(
            storage, ledger: own, now: now, logger: quietLogger)
        #expect(report?.removed == 1 && server.keys == ["p/ledger"])
    }

    @Test("The name of a ledger stays, and no two have the same")
    func names() async throws {
        let first = try await StorageOwnership.name(of: try await ledger("a"))
        #expect(try await StorageOwnership.name(of: try await ledger("a")) == first)
        #expect(try await StorageOwnership.name(of: try await ledger("b")) != first)
    }
}
