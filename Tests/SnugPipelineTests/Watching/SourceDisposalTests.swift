// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("The disposal of a source")
struct SourceDisposalTests {
    private let work: TemporaryFolder
    private let target: TemporaryFolder

    init() throws {
        work = try TemporaryFolder()
        target = try TemporaryFolder()
    }

    private func taken(_ name: String, _ bytes: [UInt8] = [1], sidecar: Bool = false) throws -> TakenFile {
        let id = IntakeID.random()
        let path = try work.write(bytes, to: "\(id)/\(name)")
        let beside = sidecar ? try work.write(Array("{}".utf8), to: "\(id)/\(name).json") : nil
        return TakenFile(id: id, original: RelativePath(name), path: path, isMoved: true, sidecar: beside)
    }

    private func disposal(_ rule: SourceDisposal.Rule? = nil) -> SourceDisposal {
        SourceDisposal(
            rule: rule ?? .move(to: target.path.appending("done")), failed: target.path.appending("failed"),
            work: WorkFolder(path: work.path))
    }

    private var workIsEmpty: Bool { (try? FolderListing.names(in: work.path))?.isEmpty == true }

    @Test("Done: the file moves under its old path, and nothing is left in work")
    func moves() throws {
        try disposal().finish(taken("sub/a.jpg", sidecar: true))
        #expect(target.files() == ["done/sub/a.jpg", "done/sub/a.jpg.json"] && workIsEmpty)
    }

    @Test("Done twice under one name: none replaces the other")
    func collision() throws {
        try disposal().finish(taken("a.jpg", [1]))
        let second = try taken("a.jpg", [2])
        try disposal().finish(second)
        #expect(target.files() == ["done/a.jpg", "done/a~\(second.id).jpg"])
        #expect(try target.bytes(of: "done/a.jpg") == [1])
    }

    @Test("Delete removes the file and its sidecar, and bears being repeated")
    func deletes() throws {
        let file = try taken("sub/a.jpg", sidecar: true)
        #expect(try disposal(.delete).finish(file) == nil)
        #expect(try disposal(.delete).finish(file) == nil)
        #expect(workIsEmpty)
    }

    @Test("Leave touches nothing")
    func leaves() throws {
        var file = try taken("a.jpg")
        file.isMoved = false
        #expect(try disposal(.leave).finish(file) == file.path)
        #expect(work.files().count == 1)
    }

    @Test("Failed: the file and the error in its one shape are beside each other")
    func fails() throws {
        let file = try taken("sub/a.jpg")
        let error: JSONValue = ["error": "corrupt_input", "message": "It is damaged.", "details": ["offset": 7]]
        let report = try disposal().fail(file, because: error)
        #expect(target.files() == ["failed/sub/a.jpg", "failed/sub/a.jpg.error.json"] && workIsEmpty)
        let written = JSONValue(parsing: try FileDescriptor.contents(of: report))
        #expect(written?["error"]?.text == "corrupt_input" && written?["details"]?["offset"]?.amount == 7)
        #expect(written?["input"]?.text == "sub/a.jpg" && written?["id"]?.text == file.id.text)
    }

    @Test("Failed again after a crash in between: one report, one file")
    func failsAfterCrash() throws {
        let file = try taken("a.jpg")
        try disposal().fail(file, because: ["error": "x", "message": "y"])
        // Killed after the report and before the move: the file is still in work.
        try FileSystem.remove(target.path.appending("failed/a.jpg"))
        try work.write([1], to: "\(file.id)/a.jpg")
        try disposal().fail(file, because: ["error": "x", "message": "y"])
        #expect(target.files() == ["failed/a.jpg", "failed/a.jpg.error.json"])
        // Killed after the move: it is not in work any more.
        try disposal().fail(file, because: ["error": "x", "message": "y"])
        #expect(target.files() == ["failed/a.jpg", "failed/a.jpg.error.json"])
    }

    @Test("Two failures under one name have reports of their own")
    func failureCollision() throws {
        try disposal().fail(taken("a.jpg", [1]), because: ["error": "x", "message": "y"])
        let second = try taken("a.jpg", [2])
        try disposal().fail(second, because: ["error": "x", "message": "y"])
        #expect(
            target.files() == [
                "failed/a.jpg", "failed/a.jpg.error.json", "failed/a~\(second.id).jpg",
                "failed/a~\(second.id).jpg.error.json",
            ])
    }

    @Test("A folder on another file system gets a copy with the same time", .enabled(if: TwoFileSystems.areThere))
    func acrossFileSystems() throws {
        let other = try TemporaryFolder(in: TwoFileSystems.second)
        let file = try taken("a.jpg", [1, 2, 3])
        let modified = try FileIdentity(of: file.path, followsLinks: false).modified
        let place = try #require(try disposal(.move(to: other.path)).finish(file))
        #expect(try FileIdentity(of: place, followsLinks: false).modified == modified)
        #expect(other.files() == ["a.jpg"] && workIsEmpty)
    }

    @Test("A name of the greatest length gets a variant that is no longer, cut between letters")
    func longNames() {
        let name = Array((String(repeating: "ü", count: 125) + ".jpg").utf8)
        let variant = FreeName.variant(of: name, suffix: "~0123456789abcdefghijkl")
        #expect(variant.count <= 255 && variant.suffix(4).elementsEqual(".jpg".utf8))
        #expect(String(validating: variant, as: UTF8.self) != nil)
        #expect(FreeName.variant(of: Array(".bashrc".utf8), suffix: "~2") == Array(".bashrc~2".utf8))
    }
}
