// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The state of a daemon, as the terminal, metrics and health checks see it.
@Suite struct DaemonStatusTests {
    @Test("While it works: the phase, the step that runs, and what waits, each with its reason")
    func working() async throws {
        let fixture = try await DaemonFixture()
        let (hasBegun, mayEnd) = (AsyncEvent(), AsyncEvent())
        let daemon = try fixture.daemon(
            fixture.configuration { $0.pollInterval = .milliseconds(30) },
            fit: { source, limits, policy in
                hasBegun.signal()
                await mayEnd.wait()
                return try await DaemonFixture.engine(source, limits, policy)
            })
        #expect(try await daemon.status().phase == .starting)
        try await fixture.ledger.pause(.account("other"), until: nil, reason: JobReason(code: "x", message: "y"))
        try await fixture.whileRunning(daemon) {
            try fixture.folder.write(WatchImages.small(1), to: "inbox/sub/a.jpg")
            await hasBegun.wait()
            try fixture.folder.write(Array(WatchImages.jpeg.prefix(500)), to: "inbox/cut.jpg")
            try await fixture.waitUntil { try await daemon.status().folders[0].unsettled["cut.jpg"] != nil }
            let status = try await daemon.status()
            #expect(status.phase == .running && status.pause == nil)
            #expect(status.activities.map(\.step) == [.fit] && status.activities.map(\.name) == ["sub/a.jpg"])
            #expect(status.activities.map(\.folder) == ["inbox"])
            let folder = try #require(status.folders.first)
            #expect(folder.name == "inbox" && folder.isPresent == true && folder.takenCount == 1)
            #expect(folder.settlingCount == 1 && folder.books.count(.running) == 1 && folder.books.areBalanced)
            #expect(status.holds.map(\.scope) == [.account("other")])
            #expect(daemon.isAlive(within: .seconds(3600)))
            mayEnd.signal()
            try await fixture.waitUntil { fixture.files("outbox") == ["sub/a.jpg"] }
        }
        let end = try await daemon.status()
        #expect(end.phase == .stopped && end.activities.isEmpty && end.books.count(.delivered) == 1)
    }

    @Test("Events come in the order of happening, from the start to the end")
    func order() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon().runOnce()
        let names = fixture.allEvents.map { String("\($0.kind)".prefix { $0 != "(" }) }
        #expect(names == ["started", "settled", "began", "fitted", "delivered", "stopped"])
        let subjects = Set(fixture.allEvents.compactMap { $0.subject?.name })
        #expect(subjects == ["a.jpg"])
    }

    @Test("A run that ends by itself tells what it left, and is clean only when that is nothing")
    func report() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(Array(WatchImages.jpeg.prefix(500)), to: "inbox/sub/cut.jpg")
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let report = try await fixture.daemon().runOnce()
        #expect(!report.isClean && report.deliveredCount == 1 && report.failedCount == 0)
        #expect(report.unsettled.keys.map { $0 } == [fixture.folder.path.appending("inbox/sub/cut.jpg")])
        #expect(report.unsettled.values.allSatisfy { !$0.isEmpty })
        #expect(report.books["inbox"]?.count(.delivered) == 1)
    }

    @Test("What a run leaves waiting is counted and told, and so is an inbox that is not there")
    func waiting() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.ledger.pause(.step(.deliver), until: nil, reason: JobReason(code: "x", message: "y"))
        let paused = try await fixture.daemon().runOnce()
        #expect(paused.takenCount == 1 && paused.deliveredCount == 0 && !paused.isClean)
        #expect(paused.waitingCount == 1 && paused.waiting.map(\.name) == ["a.jpg"])
        #expect(paused.waiting.map(\.step) == [.deliver], "the fit is done, and its result waits")
        #expect(fixture.files("outbox").isEmpty)
        try await fixture.ledger.unpause(.step(.deliver))
        let resumed = try await fixture.daemon().runOnce()
        #expect(resumed.deliveredCount == 1 && resumed.waitingCount == 0 && resumed.isClean)

        let inbox = fixture.folder.path.appending("inbox")
        try #require(unsafe rename(inbox.string, inbox.string + "-gone") == 0)
        let gone = try await fixture.daemon().runOnce()
        #expect(gone.unsettled.keys.map { $0 } == [inbox] && !gone.isClean)
    }

    @Test("One content in two folders is one job, with a result and a source put away in each")
    func twoFolders() async throws {
        let fixture = try await DaemonFixture()
        var configuration = fixture.configuration()
        var second = fixture.watchFolder(inbox: "inbox2", outbox: "outbox2")
        second.name = "second"
        second.doneFolder = fixture.folder.path.appending("done2")
        configuration.folders.append(second)
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try fixture.folder.write(WatchImages.small(1), to: "inbox2/b.jpg")
        try await fixture.daemon(configuration).runOnce()
        #expect(fixture.files("outbox") == ["a.jpg"] && fixture.files("outbox2") == ["b.jpg"])
        #expect(fixture.files("done") == ["a.jpg"] && fixture.files("done2") == ["b.jpg"])
        #expect(try await fixture.ledger.list(JobFilter()).count == 1)
        try await fixture.checkBooks()
    }

    @Test("Folders with limits of their own make two jobs of one content")
    func twoLimits() async throws {
        let fixture = try await DaemonFixture()
        var configuration = fixture.configuration()
        var second = fixture.watchFolder(inbox: "inbox2", outbox: "outbox2")
        second.name = "second"
        second.limits.maximumSide = 320
        configuration.folders.append(second)
        for name in ["inbox", "inbox2"] { try fixture.folder.write(WatchImages.jpeg, to: "\(name)/a.jpg") }
        try await fixture.daemon(configuration).runOnce()
        let widths = try ["outbox", "outbox2"].map {
            try ImageProbe.header(of: ImageSource(file: fixture.folder.path.appending("\($0)/a.jpg"))).width
        }
        #expect(widths == [640, 320])
        #expect(try await fixture.ledger.list(JobFilter()).count == 2)
    }

    @Test(
        "An inbox on another file system: files are in work inside it, where no scan looks, and nothing is left there")
    func workInside() async throws {
        let other = try TemporaryFolder(in: "/dev/shm")
        let fixture = try await DaemonFixture()
        try other.write(WatchImages.small(1), to: "inbox/sub/a.jpg")
        let wasInside = Mutex(false)
        let configuration = fixture.configuration { $0.inbox = other.path.appending("inbox") }
        let daemon = try fixture.daemon(
            configuration,
            passed: { point in
                guard point == .taken else { return }
                let isInside = other.files().contains {
                    $0.hasPrefix("inbox/.snug-work/") && $0.hasSuffix("/sub/a.jpg")
                }
                wasInside.withLock { $0 = isInside }
            })
        let report = try await daemon.runOnce()
        #expect(wasInside.withLock { $0 } && report.deliveredCount == 1)
        #expect(fixture.files("outbox") == ["sub/a.jpg"] && fixture.files("done") == ["sub/a.jpg"])
        #expect(other.files() == [])
    }

    @Test("Where sources stay, a failed one stays as well, and its report alone is in the failed folder")
    func failedStays() async throws {
        let fixture = try await DaemonFixture()
        let configuration = fixture.configuration { $0.source = .leave }
        try fixture.folder.write(Array("no image at all".utf8), to: "inbox/a.jpg")
        for _ in 0..<2 { try await fixture.daemon(configuration).runOnce() }
        #expect(fixture.files("inbox") == ["a.jpg"] && fixture.files("failed") == ["a.jpg.error.json"])
        #expect(try await fixture.ledger.books()["inbox"]?.seen == 1)
        // The image that takes its place is another version.
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon(configuration).runOnce()
        #expect(fixture.files("outbox") == ["a.jpg"] && fixture.files("inbox") == ["a.jpg"])
        try await fixture.checkBooks()
    }

    @Test("Files dated 1960 and 2100, and names of the greatest length, are ordinary")
    func ordinary() async throws {
        let fixture = try await DaemonFixture()
        let long = String(repeating: "ö", count: 125) + ".jpg"
        for (number, name) in ["old.jpg", "new.jpg", long].enumerated() {
            try fixture.folder.write(WatchImages.small(number), to: "inbox/\(name)")
        }
        for (name, seconds) in [("old.jpg", -315_619_200), ("new.jpg", 4_102_444_800)] {
            let file = try FileDescriptor.open(fixture.folder.path.appending("inbox/\(name)"), .readWrite)
            try file.closeAfter { try setTimes(of: file, seconds: seconds) }
        }
        // The name of its report would be too long.
        let bad = String(repeating: "b", count: 251) + ".jpg"
        try fixture.folder.write(Array("no image at all".utf8), to: "inbox/\(bad)")
        let report = try await fixture.daemon().runOnce()
        let failed = fixture.files("failed")
        #expect(report.failedCount == 1 && failed.count == 2 && failed.contains { $0.hasSuffix(".jpg.error.json") })
        #expect(report.deliveredCount == 3 && Set(fixture.files("outbox")) == ["old.jpg", "new.jpg", long])
        let identity = try FileIdentity(of: fixture.folder.path.appending("done/old.jpg"), followsLinks: false)
        #expect(identity.modified == -315_619_200_000_000_000)
        try await fixture.checkBooks()
    }

    @Test("An empty file waits for its content, and is given up after its patience like any other that is not whole")
    func empty() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write([], to: "inbox/empty.jpg")
        let daemon = try fixture.daemon(fixture.configuration { $0.patience = .milliseconds(300) })
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { fixture.files("failed").contains("empty.jpg.error.json") }
        }
        let error = try #require(JSONValue(parsing: try fixture.folder.bytes(of: "failed/empty.jpg.error.json") ?? []))
        #expect(error["error"]?.text == "incomplete")
        try await fixture.checkBooks()
    }

    private func setTimes(of file: FileDescriptor, seconds: Int) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard unsafe futimens(file.rawValue, &times) == 0 else { throw Errno(rawValue: errno) }
    }
}
