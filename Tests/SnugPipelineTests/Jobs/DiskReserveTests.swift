// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Disks that are nearly full.
@Suite struct DiskReserveTests {
    private static let gigabyte = 1 << 30

    @Test(
        "A large disk keeps 64 MiB, a small one a twentieth of itself",
        arguments: [
            (64 << 20, 100 * gigabyte, false), (64 << 20 - 1, 100 * gigabyte, true), (0, 100 * gigabyte, true),
            (5000, 100_000, false), (4999, 100_000, true), (0, 0, false),
        ])
    func size(available: Int, total: Int, isShort: Bool) throws {
        let reserve = DiskReserve { _ in (available, total) }
        let reason = reserve.shortage(in: ["/out"])
        #expect((reason != nil) == isShort)
        if let reason {
            #expect(reason.code == "disk_full" && reason.message.hasPrefix("/out has \(available / 1000) kB left"))
        }
    }

    @Test(
        "A folder that is not there yet is judged by the one above it; a file system that tells nothing is not judged")
    func missing() {
        let asked = Mutex<[FilePath]>([])
        let reserve = DiskReserve { path in
            asked.withLock { $0.append(path) }
            return path == "/srv" ? (1, 1000) : nil
        }
        #expect(reserve.shortage(in: ["/srv/a/b"])?.message.hasPrefix("/srv has") == true)
        #expect(asked.withLock { $0 } == ["/srv/a/b", "/srv/a", "/srv"])
        #expect(DiskReserve { _ in nil }.shortage(in: ["/srv/a", "relative/b"]) == nil)
    }

    @Test("Every folder that is written to counts, and an answer holds for those folders only")
    func folders() {
        let reserve = DiskReserve { $0 == "/full" ? (0, 1000) : (1000, 1000) }
        #expect(reserve.shortage(in: ["/state", "/out"]) == nil)
        #expect(reserve.shortage(in: ["/state", "/full"])?.message.hasPrefix("/full") == true)
        #expect(reserve.shortage(in: ["/state", "/out"]) == nil)
    }

    @Test("The last answer is had again without asking the disk, for the same folders only")
    func recent() {
        let asked = Mutex(0)
        let reserve = DiskReserve { path in
            asked.withLock { $0 += 1 }
            return path == "/full" ? (0, 1000) : (1000, 1000)
        }
        #expect(reserve.recentShortage(in: ["/out"]) == nil)
        #expect(reserve.shortage(in: ["/out"]) == nil)
        #expect(reserve.recentShortage(in: ["/out"]) == .some(nil))
        #expect(reserve.recentShortage(in: ["/full"]) == nil)
        #expect(reserve.shortage(in: ["/full"])?.code == "disk_full")
        #expect(reserve.recentShortage(in: ["/full"])??.code == "disk_full")
        #expect(asked.withLock { $0 } == 2)
    }

    @Test("The machine tells the room of its disks, and nothing of a folder that is not there")
    func machine() throws {
        let folder = try TemporaryFolder()
        let space = try #require(FileSystem.space(at: folder.path))
        #expect(space.total > 0 && (0...space.total).contains(space.available))
        #expect(FileSystem.space(at: folder.path.appending("missing")) == nil)
    }

    @Test("Disk nearly full: nothing is taken and nothing begins, no job pays for it, and work resumes by itself")
    func daemon() async throws {
        let fixture = try await DaemonFixture()
        let disk = Mutex((isFull: false, askedCount: 0))
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.ledger.pause(
            .all, until: nil, reason: JobReason(code: JobReason.byRequest, message: "until the disk is full"))
        let daemon = try fixture.daemon(space: { _ in
            disk.withLock { disk in
                disk.askedCount += 1
                return (disk.isFull ? 0 : 1 << 30, 1 << 30)
            }
        })
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await fixture.jobs().count == 1 }
            disk.withLock { $0.isFull = true }
            // An earlier answer may hold for a second: files wait only after the disk was seen to be full.
            try await fixture.waitUntil { fixture.count { if case .paused = $0 { true } else { false } } > 0 }
            try fixture.folder.write(WatchImages.small(2), to: "inbox/b.jpg")
            // Now nothing but the disk is in the way.
            try await fixture.ledger.unpause(.all)
            let askedCount = disk.withLock { $0.askedCount }
            try await fixture.waitUntil { disk.withLock { $0.askedCount } > askedCount + 3 }
            let job = try await fixture.jobs()["a.jpg"]
            #expect(job?.state == .waiting && job?.attempt == 0 && fixture.files("outbox") == [])
            #expect(fixture.files("inbox").contains("b.jpg"))
            disk.withLock { $0.isFull = false }
            try await fixture.waitUntil { fixture.files("outbox").count == 2 }
        }
        #expect(fixture.files("failed") == [])
        #expect(fixture.count { if case .resumed = $0 { true } else { false } } == 1)
        try await fixture.checkBooks()
    }

    @Test("A run that ends by itself ends also on a full disk, and leaves everything for the next one")
    func once() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let report = try await fixture.daemon(space: { _ in (0, 1 << 30) }).runOnce()
        #expect(report.takenCount == 0 && fixture.files("inbox") == ["a.jpg"] && !report.isClean)
        #expect(try await fixture.daemon().runOnce().deliveredCount == 1)
        try await fixture.checkBooks()
    }
}
