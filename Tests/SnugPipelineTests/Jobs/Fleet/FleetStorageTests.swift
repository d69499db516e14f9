// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// The bond between the storage of a fleet and its ledger.
@Suite(.serialized) struct FleetStorageTests {
    private let fleet: FleetFixture

    init() async throws { fleet = try await FleetFixture() }

    private func digests() async throws -> Set<String> {
        var found: [String] = []
        while true {
            let page = try await fleet.storage.objects(after: found.last)
            if page.isEmpty { return Set(found) }
            found += page.map(\.digest)
        }
    }

    @Test("A host takes the storage for its ledger, and one with another ledger does not begin")
    func owner() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        #expect(try await fleet.host("a", fits: 1).runOnce().deliveredCount == 1)
        let name = try await StorageOwnership.name(of: fleet.ledger)
        #expect(try await fleet.storage.owner() == name)
        let other = try await SQLiteLedger.open(fleet.folder.path.appending("other.sqlite"))
        let daemon = try await fleet.host("b", ledger: other)
        let error = await #expect(throws: DaemonError.self) { try await daemon.runOnce() }
        #expect(error?.code == .invalidConfiguration && error?.message.contains("another ledger") == true)
        try await other.close()
    }

    @Test("A sweep takes what no job refers to, and leaves the inputs and results of jobs that are remembered")
    func sweep() async throws {
        for number in 0..<3 { try fleet.folder.write(WatchImages.small(number), to: "a/inbox/\(number).jpg") }
        let daemons = [try await fleet.host("a"), try await fleet.worker("w")]
        let fleet = fleet
        try await fleet.whileRunning(daemons) {
            try await fleet.waitUntil("results") { fleet.files("a/done").count == 3 }
        }
        let orphan = fleet.folder.path.appending("orphan")
        try fleet.folder.write([1, 2, 3], to: "orphan")
        let lost = StoredObject(digest: MessageDigest.sha256([1, 2, 3]).hexadecimal, byteCount: 3)
        try await fleet.storage.store(orphan, as: lost)
        let before = try await digests()
        let referred = try await fleet.ledger.referredObjects(among: Array(before))
        let inputs = Set(try await fleet.jobs().compactMap(\.identity.contentHash))
        #expect(inputs.count == 3 && inputs.isSubset(of: referred) && !referred.contains(lost.digest))
        // Everything is old enough.
        let sweeper = StorageSweeper(
            fleet.storage, ledger: fleet.ledger, grace: .seconds(-1), logger: quietLogger)
        let report = try await sweeper.sweep()
        #expect(report.removed == before.count - referred.count && report.removed >= 1)
        #expect(try await digests() == referred)
    }
}
