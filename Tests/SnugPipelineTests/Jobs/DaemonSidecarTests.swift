// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugImage
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Options in a file beside the image.
@Suite struct DaemonSidecarTests {
    private func width(_ fixture: DaemonFixture, _ name: String) throws -> Int {
        try ImageProbe.header(of: ImageSource(file: fixture.folder.path.appending("outbox/\(name)"))).width
    }

    @Test("A sidecar that is absent changes nothing, one that is there counts for its own file, and both go to done")
    func present() async throws {
        let fixture = try await DaemonFixture()
        for name in ["a.jpg", "b.jpg"] { try fixture.folder.write(WatchImages.jpeg, to: "inbox/\(name)") }
        try fixture.folder.write(Array(#"{"max_side": 320}"#.utf8), to: "inbox/b.jpg.json")
        try await fixture.daemon().runOnce()
        #expect(try width(fixture, "a.jpg") == 640 && width(fixture, "b.jpg") == 320)
        // Another size is other work, although the content is the same.
        #expect(try await fixture.ledger.books()["inbox"]?.seen == 2)
        #expect(fixture.files("done") == ["a.jpg", "b.jpg", "b.jpg.json"])
        #expect(fixture.files("inbox") == [])
    }

    @Test("A sidecar that is still being written holds its file back, and is used once it is whole")
    func partial() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.jpeg, to: "inbox/a.jpg")
        try fixture.folder.write(Array(#"{"max_side": 32"#.utf8), to: "inbox/a.jpg.json")
        let daemon = try fixture.daemon()
        try await fixture.whileRunning(daemon) {
            try await fixture.waitUntil { try await daemon.status().folders[0].unsettled["a.jpg"] != nil }
            #expect(fixture.files("outbox") == [])
            try fixture.folder.write(Array(#"{"max_side": 320}"#.utf8), to: "inbox/a.jpg.json")
            try await fixture.waitUntil { fixture.files("outbox") == ["a.jpg"] }
        }
        #expect(try width(fixture, "a.jpg") == 320)
    }

    @Test("A sidecar that comes before its file waits for it; one that comes too late waits for the next of the name")
    func earlyAndLate() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(Array(#"{"max_side": 320}"#.utf8), to: "inbox/a.jpg.json")
        let first = try await fixture.daemon().runOnce()
        #expect(first.takenCount == 0 && first.isClean && fixture.files("inbox") == ["a.jpg.json"])
        try fixture.folder.write(WatchImages.jpeg, to: "inbox/a.jpg")
        try await fixture.daemon().runOnce()
        #expect(try width(fixture, "a.jpg") == 320 && fixture.files("inbox") == [])
        // Too late for the one that is done.
        try fixture.folder.write(Array(#"{"max_side": 160}"#.utf8), to: "inbox/a.jpg.json")
        let late = try await fixture.daemon().runOnce()
        #expect(late.takenCount == 0 && late.isClean && fixture.files("inbox") == ["a.jpg.json"])
        #expect(try width(fixture, "a.jpg") == 320)
        try await fixture.checkBooks()
    }

    @Test("A sidecar that is wrong fails its own file with the key, and both are beside the report")
    func wrong() async throws {
        let fixture = try await DaemonFixture()
        try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
        try fixture.folder.write(Array(#"{"max_sied": 320}"#.utf8), to: "inbox/a.jpg.json")
        try fixture.folder.write(WatchImages.small(2), to: "inbox/b.jpg")
        let report = try await fixture.daemon().runOnce()
        #expect(report.failedCount == 1 && report.deliveredCount == 1)
        #expect(fixture.files("failed") == ["a.jpg", "a.jpg.error.json", "a.jpg.json"])
        let error = try #require(JSONValue(parsing: try fixture.folder.bytes(of: "failed/a.jpg.error.json") ?? []))
        #expect(error["error"]?.text == "invalid_sidecar" && error["message"]?.text?.contains("max_side") == true)
        try await fixture.checkBooks()
    }

    @Test("A report has the one shape of errors, with the job and the file that it is about")
    func reportShape() async throws {
        let fixture = try await DaemonFixture()
        try FileSystem.makeFolders(fixture.folder.path.appending("inbox/sub"))
        let name = Array("inbox/sub/b".utf8) + [0xFF] + Array(".jpg".utf8)
        try fixture.folder.write(Array("no image at all".utf8), toName: name)
        try await fixture.daemon().runOnce()
        let bytes = try #require(try fixture.folder.bytes(ofAny: ".error.json"))
        let report = try #require(JSONValue(parsing: bytes))
        let members = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(Set(members.keys) == ["error", "message", "details", "job", "id", "input", "input_hex"])
        #expect(report["error"]?.text == "not_an_image")
        #expect(report["message"]?.text?.isEmpty == false)
        if case .object = report["details"] {} else { Issue.record("details are no object") }
        let job = try #require(try await fixture.ledger.list(JobFilter()).first)
        #expect(report["job"]?.text == job.id.description)
        // Broken bytes are told losslessly.
        #expect(report["input_hex"]?.text == "7375622f62ff2e6a7067")
        #expect(bytes.last == UInt8(ascii: "\n"))
    }
}

extension TemporaryFolder {
    /// The bytes of the one file whose name ends so, whatever else is in its name.
    fileprivate func bytes(ofAny suffix: String) throws -> [UInt8]? {
        var folders = [path]
        while let folder = folders.popLast() {
            for name in try FolderListing.names(in: folder) {
                let entry = folder.appending(FilePath(bytes: name).components)
                switch try FileIdentity(of: entry, followsLinks: false).kind {
                case .folder: folders.append(entry)
                case .file where String(decoding: name, as: UTF8.self).hasSuffix(suffix):
                    return try FileDescriptor.contents(of: entry)
                default: break
                }
            }
        }
        return nil
    }
}
