// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Whole runs: files in an inbox, results in an outbox.
@Suite struct DaemonTests {
    @Test("Each file becomes one result of its name, its source moves to done, and the books balance")
    func fits() async throws {
        let fixture = try await DaemonFixture()
        for number in 0..<20 { try fixture.folder.write(WatchImages.small(number), to: "inbox/sub/\(number).jpg") }
        try fixture.folder.write(WatchImages.png, to: "inbox/a.png")
        let report = try await fixture.daemon().runOnce()
        #expect(report.deliveredCount == 21 && report.takenCount == 21 && report.isClean)
        let names = (0..<20).map { "sub/\($0).jpg" } + ["a.png"]
        #expect(Set(fixture.files("outbox")) == Set(names))
        #expect(Set(fixture.files("done")) == Set(names))
        #expect(fixture.files("inbox") == [] && fixture.files("failed") == [] && fixture.files("state/work") == [])
        for name in names {
            #expect(
                try ImageProbe.header(of: ImageSource(file: fixture.folder.path.appending("outbox/\(name)"))).width > 0)
        }
        try await fixture.checkBooks()
        let jobs = try await fixture.jobs()
        #expect(jobs.count == 21 && jobs.values.allSatisfy { $0.state == .delivered && $0.stage == .delivered })
    }

    @Test("A daemon that runs takes files as they come, and stops when it is drained")
    func runs() async throws {
        let fixture = try await DaemonFixture()
        let daemon = try fixture.daemon()
        try await fixture.whileRunning(daemon) {
            try fixture.folder.write(WatchImages.small(1), to: "inbox/1.jpg")
            try await fixture.waitUntil { fixture.files("outbox") == ["1.jpg"] }
            try fixture.folder.write(WatchImages.small(2), to: "inbox/2.jpg")
            try await fixture.waitUntil { fixture.files("outbox").count == 2 }
            let status = try await daemon.status()
            #expect(status.phase == .running && status.folders.first?.watchMode != nil)
        }
        #expect(try await daemon.status().phase == .stopped)
        try await fixture.checkBooks()
    }

    @Test("The same content under two names is one job, delivered under both")
    func sameContentTwice() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try fixture.folder.write(WatchImages.small(1), to: "inbox/b.jpg")
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == ["a.jpg", "b.jpg"])
        #expect(fixture.files("done") == ["a.jpg", "b.jpg"])
        let books = try await fixture.ledger.books()["inbox"]
        #expect(books?.seen == 1 && books?.joined == 1)
        // And once more, long after it was delivered.
        try fixture.folder.write(WatchImages.small(1), to: "inbox/c.jpg")
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try await fixture.daemon().runOnce()
        #expect(fixture.files("outbox") == ["a.jpg", "b.jpg", "c.jpg"])
        #expect(fixture.files("inbox") == [] && fixture.files("done").count == 4)
        try await fixture.checkBooks()
    }

    @Test("A bad file goes to failed beside its reason, and stops no other")
    func badFile() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(Array("no image at all".utf8), to: "inbox/bad.jpg")
        try fixture.folder.write(WatchImages.small(1), to: "inbox/good.jpg")
        let report = try await fixture.daemon(
            fixture.configuration { $0.limits = Limits(byteLimit: 5000) }
        ).runOnce()
        #expect(report.failedCount == 1 && report.deliveredCount == 1 && !report.isClean)
        #expect(fixture.files("failed") == ["bad.jpg", "bad.jpg.error.json"])
        let bytes = try #require(try fixture.folder.bytes(of: "failed/bad.jpg.error.json"))
        let error = try #require(JSONValue(parsing: bytes))
        #expect(error["error"]?.text == "not_an_image" && error["input"]?.text == "bad.jpg")
        #expect(error["message"]?.text?.isEmpty == false)
        try await fixture.checkBooks()
    }
}
