// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Hosts with folders, and workers without, on one ledger.
@Suite(.serialized) struct FleetTests {
    private let fleet: FleetFixture

    init() async throws { fleet = try await FleetFixture() }

    @Test("A worker fits what two hosts drop; each host delivers its own, and puts its own sources away")
    func handsOver() async throws {
        let daemons = [
            try await fleet.host("a"), try await fleet.host("b"), try await fleet.worker("w1"),
            try await fleet.worker("w2"),
        ]
        for number in 0..<6 {
            let host = number % 2 == 0 ? "a" : "b"
            try fleet.folder.write(WatchImages.small(number), to: "\(host)/inbox/sub/\(number).jpg")
        }
        let fleet = fleet
        try await fleet.whileRunning(daemons) {
            try await fleet.waitUntil("results") { fleet.files("a/outbox").count + fleet.files("b/outbox").count == 6 }
            try await fleet.waitUntil("sources") { fleet.files("a/done").count + fleet.files("b/done").count == 6 }
        }
        #expect(fleet.files("a/outbox") == ["sub/0.jpg", "sub/2.jpg", "sub/4.jpg"])
        #expect(fleet.files("b/done") == ["sub/1.jpg", "sub/3.jpg", "sub/5.jpg"])
        #expect(fleet.count(on: "a") { if case .fitted = $0 { true } else { false } } == 0)
        #expect(Set(try await fleet.ledger.books().keys) == ["inbox@a", "inbox@b"])
        for number in 0..<6 {
            let host = number % 2 == 0 ? "a" : "b"
            let result = fleet.folder.path.appending("\(host)/outbox/sub/\(number).jpg")
            #expect(try ImageProbe.header(of: ImageSource(file: result)).width > 0)
        }
        try await fleet.check(hosts: ["a", "b", "w1", "w2"])
    }

    @Test("A host that fits its own image delivers it at once, without a way back through the storage")
    func direct() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let report = try await fleet.host("a", fits: 1).runOnce()
        #expect(report.deliveredCount == 1 && report.isClean && fleet.files("a/outbox") == ["a.jpg"])
        #expect(fleet.storage.storedCount == 1 && fleet.storage.fetchedCount == 0)
        try await fleet.check(hosts: ["a"])
    }

    @Test("The same content on two hosts is one job, which both deliver; one that comes later is delivered, too")
    func sameContent() async throws {
        for place in ["a/inbox/1.jpg", "b/inbox/2.jpg"] {
            try fleet.folder.write(WatchImages.small(1), to: place)
        }
        let daemons = [try await fleet.host("a"), try await fleet.host("b"), try await fleet.worker()]
        let late = try await fleet.host("c")
        let fleet = fleet
        try await fleet.whileRunning(daemons) {
            try await fleet.waitUntil("both results") {
                fleet.files("a/outbox") == ["1.jpg"] && fleet.files("b/outbox") == ["2.jpg"]
            }
            try await fleet.waitUntil("the end") { try await fleet.jobs().map(\.state) == [.delivered] }
            try fleet.folder.write(WatchImages.small(1), to: "c/inbox/3.jpg")
            try await fleet.whileRunning([late]) {
                try await fleet.waitUntil("the late one") { fleet.files("c/done") == ["3.jpg"] }
            }
        }
        #expect(fleet.files("c/outbox") == ["3.jpg"] && fleet.files("a/outbox") == ["1.jpg"])
        #expect(fleet.files("a/done") == ["1.jpg"] && fleet.files("b/done") == ["2.jpg"])
        #expect(try await fleet.jobs().count == 1)
        try await fleet.check(hosts: ["a", "b", "c", "worker"])
    }

    @Test("What fails on a worker goes to the failed folder of the host it came from, with the reason")
    func failure() async throws {
        try fleet.folder.write(WatchImages.jpeg, to: "a/inbox/bad.jpg")
        let daemons = [
            try await fleet.host("a", folder: { $0.limits = Limits(byteLimit: 20) }), try await fleet.worker(),
        ]
        let fleet = fleet
        try await fleet.whileRunning(daemons) {
            try await fleet.waitUntil("the report") { fleet.files("a/failed").count == 2 }
        }
        #expect(fleet.files("a/failed") == ["bad.jpg", "bad.jpg.error.json"])
        let bytes = try #require(try fleet.folder.bytes(of: "a/failed/bad.jpg.error.json"))
        #expect(JSONValue(parsing: bytes)?["error"]?.text == "cannot_fit")
        // Told where the file was, and where the work was.
        for host in ["a", "worker"] {
            #expect(fleet.count(on: host) { if case .failed = $0 { true } else { false } } == 1, "\(host)")
        }
        try await fleet.check(hosts: ["a", "worker"])
    }

    @Test("A job that is cancelled by somebody else gives its file back within seconds")
    func cancelled() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let fleet = fleet
        try await fleet.whileRunning([try await fleet.host("a")]) {
            try await fleet.waitUntil("the job") { try await fleet.jobs().first?.step == .fit }
            let id = try #require(try await fleet.jobs().first?.id)
            try await fleet.ledger.resolve([id], .cancel)
            try await fleet.waitUntil("the file") { fleet.files("a/failed").count == 2 }
        }
        try await fleet.check(hosts: ["a"])
    }

    @Test("Without a storage a host does its own work alone, and none of another's")
    func withoutStorage() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        try fleet.folder.write(WatchImages.small(2), to: "b/inbox/b.jpg")
        for host in ["b", "a"] {
            let report = try await fleet.host(host, fits: 1, hasStorage: false).runOnce()
            #expect(report.deliveredCount == 1 && report.isClean, "\(host)")
            #expect(fleet.files("\(host)/outbox") == ["\(host).jpg"])
        }
        try await fleet.check(hosts: ["a", "b"])
    }
}
