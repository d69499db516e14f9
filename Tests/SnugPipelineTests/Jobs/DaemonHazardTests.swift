// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// What the users of other daemons suffer from: one test for each class.
@Suite struct DaemonHazardTests {
    private static let half = Array(WatchImages.jpeg.prefix(WatchImages.jpeg.count / 2))

    @Test(
        "Taken while being written: a file that is not whole is not taken, and is told with its reason")
    func notWhole() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(Self.half, to: "inbox/a.jpg")
        let report = try await fixture.daemon().runOnce()
        #expect(report.takenCount == 0 && report.unsettled.count == 1 && !report.isClean)
        #expect(fixture.files("inbox") == ["a.jpg"])
        try await fixture.checkBooks()
    }

    @Test(
        "Truncated, then whole: a file that was given up fails, and the whole one of its name takes its place"
    )
    func superseded() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(Self.half, to: "inbox/a.jpg")
        let daemon = try fixture.daemon(fixture.configuration { $0.patience = .milliseconds(150) })
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { fixture.files("failed").contains("a.jpg.error.json") }
            try fixture.folder.write(WatchImages.jpeg, to: "inbox/a.jpg")
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
        }
        let jobs = try await fixture.ledger.list(JobFilter())
        let old = try #require(jobs.first { $0.state == .cancelled })
        #expect(old.reason?.code == JobReason.superseded && old.stage != .delivered)
        #expect(jobs.contains { $0.state == .delivered && $0.supersedes == old.id })
        try await fixture.checkBooks()
    }

    @Test("The same file queued many times: however often it is touched, it is one job")
    func touched() async throws {
        let fixture = try await DaemonFixture()
        let daemon = try fixture.daemon(fixture.configuration { $0.settleTime = .milliseconds(150) })
        try await fixture.whileRunning(daemon) {
            for _ in 0..<10 {
                try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
                try await Task.sleep(for: .milliseconds(30))
            }
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
        }
        #expect(fixture.count { if case .settled = $0 { true } else { false } } == 1)
        #expect(try await fixture.ledger.books()["inbox"]?.seen == 1)
    }

    @Test(
        "Never noticed between two watchers: files that came while no daemon ran are taken at the start"
    )
    func betweenRuns() async throws {
        let fixture = try await DaemonFixture()
        try await fixture.daemon().runOnce()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/sub/a.jpg")
        let daemon = try fixture.daemon()
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { fixture.files("outbox") == ["sub/a.jpg"] }
        }
    }

    @Test("A full disk: work pauses, costs no attempt, and resumes by itself once there is room")
    func fullDisk() async throws {
        let fixture = try await DaemonFixture()
        let isFull = Mutex(true)
        var calls = PublishingCalls.system
        let write = calls.write
        calls.write = { file, bytes throws(Errno) in
            if isFull.withLock({ $0 }) { throw .noSpace }
            return try write(file, bytes)
        }
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let daemon = try fixture.daemon(calls: calls)
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil {
                fixture.count { if case .paused = $0 { true } else { false } } > 0
            }
            // It is looked at again and again meanwhile, and found full again.
            try await fixture.waitUntil {
                let job = try await fixture.jobs()["a.jpg"]
                return job?.state == .waiting && job?.attempt == 0 && job?.reason?.code == "disk_full"
            }
            try await fixture.waitUntil { try await fixture.ledger.holds().first?.scope == .folder("inbox") }
            isFull.withLock { $0 = false }
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
        }
        #expect(fixture.count { if case .resumed = $0 { true } else { false } } == 1)
        #expect(fixture.files("failed") == [])
        try await fixture.checkBooks()
    }

    @Test("A source left in place: it is processed once for each version, also across restarts")
    func leave() async throws {
        let fixture = try await DaemonFixture()
        let configuration = fixture.configuration { $0.source = .leave }
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        for _ in 0..<3 { try await fixture.daemon(configuration).runOnce() }
        #expect(fixture.files("inbox") == ["a.jpg"] && fixture.files("outbox") == ["a.jpg"])
        #expect(fixture.count { if case .settled = $0 { true } else { false } } == 1)
        try fixture.folder.write(WatchImages.png, to: "inbox/a.jpg")
        for _ in 0..<2 { try await fixture.daemon(configuration).runOnce() }
        #expect(fixture.count { if case .settled = $0 { true } else { false } } == 2)
        #expect(fixture.files("inbox") == ["a.jpg"] && fixture.files("outbox").count == 2)
        try await fixture.checkBooks()
    }

    @Test("A mount that is not there: its jobs wait, nothing fails, and all goes on once it is back")
    func missingInbox() async throws {
        let fixture = try await DaemonFixture()
        let configuration = fixture.configuration { $0.source = .leave }
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let (inbox, away) = (
            fixture.folder.path.appending("inbox"), fixture.folder.path.appending("away")
        )
        let isFirst = Mutex(true)
        // The folder goes away between taking and fitting.
        let daemon = try fixture.daemon(
            configuration,
            passed: { point in
                if point == .enqueued, isFirst.withLock({ $0 }) {
                    isFirst.withLock { $0 = false }
                    try? FileSystem.rename(inbox, away)
                }
            })
        try await daemon.runOnce()
        let job = try #require(try await fixture.jobs()["a.jpg"])
        #expect(job.state == .waiting && job.reason?.code == "folder_missing" && job.attempt == 0)
        try FileSystem.rename(away, inbox)
        let again = try fixture.daemon(configuration)
        try await fixture.whileRunning(again) {
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
        }
        #expect(fixture.files("failed") == [])
    }

    @Test("An outbox on another file system, with names below subfolders")
    func otherFileSystem() async throws {
        let other = try TemporaryFolder(in: "/dev/shm")
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/x/y/a.jpg")
        try await fixture.daemon(
            fixture.configuration { folder in
                folder.outbox = other.path.appending("out")
                folder.doneFolder = other.path.appending("done")
            }
        ).runOnce()
        #expect(other.files() == ["done/x/y/a.jpg", "out/x/y/a.jpg"])
        try await fixture.checkBooks()
    }

    @Test(
        "The ledger says delivered, and the file is not there: it is whole in its place before that is recorded"
    )
    func deliveredMeansThere() async throws {
        let fixture = try await DaemonFixture()
        let outbox = fixture.folder.path.appending("outbox/a.jpg")
        let wasThere = Mutex(false)
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon(passed: { point in
            if point == .published { wasThere.withLock { $0 = (try? ImageSource(file: outbox)) != nil } }
        }).runOnce()
        #expect(wasThere.withLock { $0 })
        #expect(try await fixture.jobs()["a.jpg"]?.state == .delivered)
    }

    @Test(
        "Names with line breaks and broken bytes, links and pipes: each file is one result, the rest is left alone"
    )
    func awkwardNames() async throws {
        let fixture = try await DaemonFixture()
        let names: [[UInt8]] = [
            Array("a\nb.jpg".utf8), [0x78, 0xFF, 0x2E, 0x6A, 0x70, 0x67], Array("-rf.jpg".utf8),
        ]
        for (number, name) in names.enumerated() {
            try fixture.folder.write(WatchImages.small(number), toName: Array("inbox/".utf8) + name)
        }
        try fixture.folder.makeLink("inbox/link.jpg", to: "/etc/hostname")
        try fixture.folder.makePipe("inbox/pipe.jpg")
        let report = try await fixture.daemon().runOnce()
        #expect(report.deliveredCount == 3)
        for name in names {
            let path = fixture.folder.path(ofName: Array("outbox/".utf8) + name)
            #expect((try? FileIdentity(of: path, followsLinks: false))?.kind == .file)
        }
        #expect(Set(fixture.files("inbox")) == ["link.jpg", "pipe.jpg"])
        try await fixture.checkBooks()
    }

    @Test("A burst loses none, and the books balance at every moment")
    func burst() async throws {
        let fixture = try await DaemonFixture()
        let daemon = try fixture.daemon()
        try await fixture.whileRunning(daemon) {
            for number in 0..<300 {
                try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg")
            }
            while fixture.files("outbox").count < 300 {
                let books = try await daemon.status().books
                #expect(books.areBalanced, "\(books)")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(try await fixture.ledger.books()["inbox"]?.count(.delivered) == 300)
        try await fixture.checkBooks()
    }
}
