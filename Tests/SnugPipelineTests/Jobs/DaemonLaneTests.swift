// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SnugHTTP
import SnugLedger
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The limits of lanes: no stage takes the places of another, and none has more in hand than it may.
@Suite struct DaemonLaneTests {
    private let fixture: DaemonFixture

    init() async throws { fixture = try await DaemonFixture() }

    @Test(
        "No more images are in hand than the lane allows, and none waits for ever", arguments: [1, 3])
    func fits(workers: Int) async throws {
        for number in 0..<12 {
            try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg")
        }
        let counts = Mutex((running: 0, most: 0))
        var configuration = fixture.configuration()
        configuration.workers.fits = workers
        let limit = WorkerLane.fit.limit(configuration.workers)
        let engine: Daemon.Engine = { source, limits, policy in
            counts.withLock { counts in
                counts.running += 1
                counts.most = max(counts.most, counts.running)
            }
            // The first ones wait until the lane is full: there would be more if it had room.
            try await fixture.waitUntil { counts.withLock { $0.most >= limit } }
            defer { counts.withLock { $0.running -= 1 } }
            return try await DaemonFixture.engine(source, limits, policy)
        }
        let report = try await fixture.daemon(configuration, fit: engine).runOnce()
        #expect(report.deliveredCount == 12 && counts.withLock { $0.most } == limit)
        try await fixture.checkBooks()
    }

    @Test(
        "A server that does not respond holds up its own uploads: images that are only fitted are delivered meanwhile"
    )
    func bulkhead() async throws {
        let (begun, gate) = (AsyncEvent(), DispatchSemaphore(value: 0))
        let server = try FaultServer.storingPuts { _ in
            begun.signal()
            gate.wait()
            gate.signal()
        }
        var uploads = fixture.watchFolder(
            try #require(Pipeline("fit,upload")), inbox: "slow", outbox: "slow-out")
        uploads.upload = UploadSettings(url: try server.address("/in/"), uploadProtocol: .put)
        uploads.doneFolder = fixture.folder.path.appending("slow-done")
        uploads.failedFolder = fixture.folder.path.appending("slow-failed")
        var configuration = fixture.configuration()
        configuration.folders.append(uploads)
        configuration.workers.uploads = 1
        for number in 0..<4 {
            try fixture.folder.write(WatchImages.small(number), to: "slow/\(number).jpg")
        }
        let daemon = try fixture.daemon(configuration)
        try await fixture.whileRunning(daemon) {
            await begun.wait()
            for number in 10..<14 {
                try fixture.folder.write(WatchImages.small(number), to: "inbox/\(number).jpg")
            }
            try await fixture.waitUntil { fixture.files("outbox").count == 4 }
            // The images of the other folder are fitted, too: only their uploads wait.
            try await fixture.waitUntil {
                try await fixture.jobs().values.count { $0.folder == "slow" && $0.step == .upload } == 4
            }
            #expect(fixture.files("slow-out") == [])
            gate.signal()
            try await fixture.waitUntil {
                fixture.files("slow-out").filter { $0.hasSuffix(".receipt.json") }.count == 4
            }
        }
        try await fixture.checkBooks()
    }

    @Test(
        "A run that ends by itself ends also where a pause holds everything up, and leaves it waiting")
    func paused() async throws {
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.ledger.pause(
            .all, until: nil, reason: JobReason(code: "paused_by_user", message: "lunch"))
        let report = try await fixture.daemon().runOnce()
        #expect(report.takenCount == 1 && report.deliveredCount == 0 && report.failedCount == 0)
        #expect(try await fixture.jobs()["a.jpg"]?.attempt == 0)
        try await fixture.checkBooks(waiting: 1)
        try await fixture.ledger.unpause(.all)
        #expect(try await fixture.daemon().runOnce().deliveredCount == 1)
        try await fixture.checkBooks()
    }

    @Test("A run without files ends at once, and a second one after it")
    func empty() async throws {
        for _ in 0..<2 {
            let report = try await fixture.daemon().runOnce()
            #expect(report == DaemonReport(books: report.books) && report.isClean)
        }
        #expect(fixture.files("outbox") == [])
    }
}
