// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Stopping, reloading, pausing, and the decisions of people.
@Suite struct DaemonLifeTests {
    @Test("A shutdown consumes no attempt, and the next run does the work")
    func shutdown() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let hasBegun = AsyncEvent()
        let daemon = try fixture.daemon(fit: { _, _, _ in
            hasBegun.signal()
            try await Task.sleep(for: .seconds(3600))
            throw CancellationError()
        })
        try await fixture.whileRunning(daemon) {
            await hasBegun.wait()
            await daemon.drain(within: .milliseconds(50))
        }
        let job = try #require(try await fixture.jobs()["a.jpg"])
        #expect(job.state == .waiting && job.attempt == 0 && job.reason?.code == JobReason.released)
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == ["a.jpg"])
        try await fixture.checkBooks()
    }

    @Test("One daemon for each state directory: a second one is told which process has it")
    func oneAtATime() async throws {
        let fixture = try await DaemonFixture()
        let daemon = try fixture.daemon()
        let other = try fixture.daemon()
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await daemon.status().phase == .running }
            let error = await #expect(throws: DaemonError.self) { try await other.run() }
            #expect(error?.code == .alreadyRunning)
            #expect(
                error?.message.contains("process \(Machine.processID)") == true, "\(error?.message ?? "")")
        }
        // Free again once it has ended.
        try await other.runOnce()
    }

    @Test("A reload adds, changes and removes folders, and one that is wrong changes nothing")
    func reload() async throws {
        let fixture = try await DaemonFixture()
        let configuration = fixture.configuration()
        let daemon = try fixture.daemon(configuration)
        var second = fixture.watchFolder(inbox: "inbox2", outbox: "outbox2")
        second.name = "second"
        let added = second
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await daemon.status().phase == .running }
            var wrong = configuration
            wrong.folders[0].outbox = configuration.folders[0].inbox
            await #expect(throws: DaemonError.self) { try await daemon.reload(wrong) }
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
            var both = configuration
            both.folders.append(added)
            try await daemon.reload(both)
            try fixture.folder.write(WatchImages.small(2), to: "inbox2/b.jpg")
            try await fixture.waitUntil { fixture.files("outbox2") == ["b.jpg"] }
            var only = configuration
            only.folders = [added]
            try await daemon.reload(only)
            try fixture.folder.write(WatchImages.small(3), to: "inbox2/c.jpg")
            try fixture.folder.write(WatchImages.small(4), to: "inbox/d.jpg")
            try await fixture.waitUntil { fixture.files("outbox2").count == 2 }
            #expect(try await daemon.status().folders.map(\.name) == ["second"])
        }
        #expect(fixture.files("inbox") == ["d.jpg"])
        try await fixture.checkBooks()
    }

    @Test("A pause of a folder survives a restart, and lasts until it is lifted")
    func pauses() async throws {
        let fixture = try await DaemonFixture()
        let reason = JobReason(code: JobReason.byRequest, message: "holidays")
        try await fixture.ledger.pause(.folder("inbox"), until: nil, reason: reason)
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        for _ in 0..<2 { try await fixture.daemon().runOnce() }
        #expect(fixture.files("outbox") == [])
        // Each start tells it.
        #expect(fixture.count { if case .notice(let text) = $0 { text.contains("holidays") } else { false } } == 2)
        try await fixture.ledger.unpause(.folder("inbox"))
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == ["a.jpg"])
    }

    @Test("A pause of the stage settle leaves new files where they are, until it is lifted or over")
    func pausedSettling() async throws {
        let fixture = try await DaemonFixture()
        let reason = JobReason(code: JobReason.byRequest, message: "holidays")
        try await fixture.ledger.pause(.step(.settle), until: nil, reason: reason)
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let report = try await fixture.daemon().runOnce()
        #expect(report.takenCount == 0 && !report.isClean && fixture.files("inbox") == ["a.jpg"])
        #expect(report.unsettled.values.contains { $0.contains("snug jobs resume --stage settle") }, "\(report)")
        let daemon = try fixture.daemon()
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await daemon.status().folders[0].unsettled["a.jpg"] != nil }
            let end = LedgerInstant.now + .milliseconds(1)
            try await fixture.ledger.pause(.step(.settle), until: end, reason: reason)
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
        }
        try await fixture.checkBooks()
    }

    @Test("A run that could not look at its inbox says so, and is not clean")
    func blind() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        // In the place of the folder that is written to with each new inbox.
        try fixture.folder.write([1], to: "state/folders")
        let report = try await fixture.daemon().runOnce()
        #expect(report.takenCount == 0 && !report.isClean)
        #expect(report.unsettled.values.contains { $0.hasPrefix("cannot be looked at: ") }, "\(report.unsettled)")
        try FileSystem.remove(fixture.folder.path.appending("state/folders"))
        #expect(try await fixture.daemon().runOnce().deliveredCount == 1)
    }

    @Test("A failed job that is retried takes its file back from the failed folder")
    func retryFailed() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon(fit: { _, _, _ in throw ImageError(.corruptInput, "not today") })
            .runOnce()
        #expect(fixture.files("failed") == ["a.jpg", "a.jpg.error.json"])
        let job = try #require(try await fixture.jobs()["a.jpg"])
        try await fixture.ledger.resolve([job.id], .retry)
        try await fixture.daemon(fit: { _, _, _ in throw ImageError(.corruptInput, "nor today") })
            .runOnce()
        #expect(fixture.files("failed") == ["a.jpg", "a.jpg.error.json"])
        try await fixture.ledger.resolve([job.id], .retry)
        try await fixture.daemon().runOnce()
        #expect(
            fixture.files("failed") == [] && fixture.files("outbox") == ["a.jpg"]
                && fixture.files("done") == ["a.jpg"])
        try await fixture.checkBooks()
    }

    @Test("Dropping a failed file again is another attempt")
    func dropAgain() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon(fit: { _, _, _ in throw ImageError(.corruptInput, "not today") })
            .runOnce()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == ["a.jpg"] && fixture.files("inbox") == [])
        try await fixture.checkBooks()
    }

    @Test("Attempts are counted, and the last failure is the one that is told")
    func attempts() async throws {
        let fixture = try await DaemonFixture()
        let count = Mutex(0)
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        let report = try await fixture.daemon(
            fixture.configuration { $0.maximumAttempts = 2 },
            fit: { _, _, _ in
                count.withLock { $0 += 1 }
                throw ImageError(.codecFailed, "the codec broke")
            }
        ).runOnce()
        #expect(report.failedCount == 1 && count.withLock { $0 } == 2)
        let bytes = try fixture.folder.bytes(of: "failed/a.jpg.error.json") ?? []
        #expect(String(decoding: bytes, as: UTF8.self).contains("2 attempts"))
    }

    @Test(
        "A file that was taken and not put in, and one that was delivered and not put away, are found at the next start"
    )
    func reconciles() async throws {
        let fixture = try await DaemonFixture()
        // As a process leaves it that ended right after the rename.
        try fixture.folder.write(
            WatchImages.small(1), to: "state/work/inbox/\(IntakeID.random())/sub/a.jpg")
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == ["sub/a.jpg"] && fixture.files("done") == ["sub/a.jpg"])
        // As one leaves it that ended right after the delivery was recorded.
        let job = try #require(try await fixture.jobs()["sub/a.jpg"])
        let source = try #require(try await fixture.ledger.deliveries(of: job.id).first?.source)
        guard case .moved(let id, _)? = SourceKey(source) else {
            Issue.record("no source")
            return
        }
        try fixture.folder.write(WatchImages.small(1), to: "state/work/inbox/\(id)/sub/a.jpg")
        try fixture.folder.write([1], to: "outbox/sub/\(Sweeper.prefix(fixture.state))half")
        try await fixture.daemon().runOnce()
        #expect(fixture.files("state/work") == [])
        #expect(fixture.files("outbox") == ["sub/a.jpg"])
        try await fixture.checkBooks()
    }

    @Test("Sources are deleted where the folder says so")
    func deletes() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon(fixture.configuration { $0.source = .delete }).runOnce()
        #expect(
            fixture.files("outbox") == ["a.jpg"] && fixture.files("inbox") == []
                && fixture.files("done") == [])
        #expect(fixture.files("state/work") == [])
    }

    @Test("A result never replaces another file in the outbox")
    func neverReplaces() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write([1, 2, 3], to: "outbox/a.jpg")
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon().runOnce()
        #expect(try fixture.folder.bytes(of: "outbox/a.jpg") == [1, 2, 3])
        #expect(fixture.files("outbox").count == 2)
    }
}
