// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Sources that are put away under odd names, beside files of others, and after faults.
@Suite struct SourceDisposalTableTests {
    private let work: TemporaryFolder
    private let target: TemporaryFolder

    init() throws {
        work = try TemporaryFolder()
        target = try TemporaryFolder()
    }

    private func taken(_ name: [UInt8], _ bytes: [UInt8] = [1], sidecar: Bool = false) throws
        -> TakenFile
    {
        let id = IntakeID.random()
        let original = RelativePath(bytes: name)
        let place = work.path.appending(id.text)
        try FileSystem.makeFolders(original.folder.path(below: place))
        func write(_ path: RelativePath, _ bytes: [UInt8]) throws -> FilePath {
            try work.write(bytes, toName: Array("\(id)/".utf8) + path.bytes)
            return path.path(below: place)
        }
        let path = try write(original, bytes)
        let beside = sidecar ? try write(Sidecar.path(of: original), Array("{}".utf8)) : nil
        return TakenFile(id: id, original: original, path: path, isMoved: true, sidecar: beside)
    }

    private func taken(_ name: String, _ bytes: [UInt8] = [1], sidecar: Bool = false) throws
        -> TakenFile
    {
        try taken(Array(name.utf8), bytes, sidecar: sidecar)
    }

    private var disposal: SourceDisposal {
        SourceDisposal(
            rule: .move(to: target.path.appending("done")), failed: target.path.appending("failed"),
            work: WorkFolder(path: work.path))
    }

    private var workIsEmpty: Bool { (try? FolderListing.names(in: work.path))?.isEmpty == true }
    private static let error: JSONValue = ["error": "corrupt_input", "message": "It is damaged."]

    private func report(_ path: FilePath) throws -> JSONValue {
        try #require(JSONValue(parsing: try FileDescriptor.contents(of: path)))
    }

    private static let names: [[UInt8]] = [
        Array("a.jpg".utf8), Array("sub/deep/a b\n.jpg".utf8), Array("sub/".utf8) + [0xFF, 0xFE],
        Array("-rf".utf8),
        [UInt8](repeating: 0x61, count: 255), Array("a.error.json.jpg".utf8),
    ]

    @Test(
        "A file of any name goes to done under it, and to failed with a report that leads back to it",
        arguments: names)
    func anyName(name: [UInt8]) throws {
        let done = try taken(name, [1])
        let place = try #require(try disposal.finish(done))
        #expect(place == RelativePath(bytes: name).path(below: target.path.appending("done")))
        #expect(try FileDescriptor.contents(of: place) == [1])
        let failed = try taken(name, [2])
        let reportPath = try disposal.fail(failed, because: Self.error)
        let text = try report(reportPath)
        #expect(text["id"]?.text == failed.id.text && text["error"]?.text == "corrupt_input")
        let isText = String(validating: name, as: UTF8.self) != nil
        #expect((text["input_hex"]?.text == name.hexadecimal) == !isText)
        let found = try #require(disposal.failedFile(of: failed.original, id: failed.id))
        #expect(found.report == reportPath && found.file.original == failed.original)
        #expect(try FileDescriptor.contents(of: found.file.path) == [2])
        #expect(workIsEmpty)
    }

    @Test("A failed file that somebody took away, or whose report is another's, is not found")
    func notFound() throws {
        let file = try taken("a.jpg")
        let path = try disposal.fail(file, because: Self.error)
        #expect(disposal.failedFile(of: file.original, id: .random()) == nil)
        #expect(disposal.failedFile(of: RelativePath("b.jpg"), id: file.id) == nil)
        try FileSystem.remove(target.path.appending("failed/a.jpg"))
        #expect(disposal.failedFile(of: file.original, id: file.id) == nil)
        try target.makeLink("failed/a.jpg", to: "/etc/hostname")
        #expect(disposal.failedFile(of: file.original, id: file.id) == nil)
        try FileSystem.remove(path)
        #expect(disposal.failedFile(of: file.original, id: file.id) == nil)
    }

    @Test("A failed file is found with its sidecar, under the name that it got")
    func foundWithSidecar() throws {
        try disposal.fail(taken("a.jpg", [1]), because: Self.error)
        let second = try taken("a.jpg", [2], sidecar: true)
        try disposal.fail(second, because: Self.error)
        let found = try #require(disposal.failedFile(of: second.original, id: second.id)?.file)
        #expect(found.path == target.path.appending("failed/a~\(second.id).jpg"))
        #expect(found.sidecar == target.path.appending("failed/a~\(second.id).jpg.json"))
    }

    @Test(
        "A report that somebody else wrote is not replaced",
        arguments: ["", "no JSON", "{}", #"{"id": "other"}"#])
    func foreignReport(text: String) throws {
        try target.write(Array(text.utf8), to: "failed/a.jpg.error.json")
        let file = try taken("a.jpg")
        let path = try disposal.fail(file, because: Self.error)
        #expect(path == target.path.appending("failed/a~\(file.id).jpg.error.json"))
        #expect(try target.bytes(of: "failed/a.jpg.error.json") == Array(text.utf8))
    }

    @Test("A folder in the place of a name is no place for a file: it gets another name")
    func folderInPlace() throws {
        for place in ["done/a.jpg", "failed/a.jpg"] {
            try FileSystem.makeFolders(target.path.appending(place))
        }
        let done = try taken("a.jpg")
        #expect(try disposal.finish(done) == target.path.appending("done/a~\(done.id).jpg"))
        let failed = try taken("a.jpg")
        try disposal.fail(failed, because: Self.error)
        #expect(target.files().contains("failed/a~\(failed.id).jpg") && workIsEmpty)
    }

    @Test(
        "A file that stays in the inbox gets a report in failed, once, and is left alone",
        arguments: 1...2)
    func leaves(times: Int) throws {
        let inbox = try TemporaryFolder()
        let path = try inbox.write([1], to: "sub/a.jpg")
        let file = TakenFile(
            id: .random(), original: RelativePath("sub/a.jpg"), path: path, isMoved: false)
        for _ in 0..<times { try disposal.fail(file, because: Self.error) }
        #expect(target.files() == ["failed/sub/a.jpg.error.json"] && inbox.files() == ["sub/a.jpg"])
    }

    @Test(
        "A target that cannot be written is a fault of the surroundings, and the source stays in work")
    func noPermission() async throws {
        let file = try taken("a.jpg", sidecar: true)
        for path in [work.path, target.path, file.path.removingLastComponent()] {
            #expect(unsafe chmod(path.string, path == target.path ? 0o755 : 0o777) == 0)
        }
        let disposal = disposal
        for fails in [false, true] {
            let error = try await onThread(asNobody: true) { () -> WatchError? in
                do throws(WatchError) {
                    if fails {
                        _ = try disposal.fail(file, because: Self.error)
                    } else {
                        _ = try disposal.finish(file)
                    }
                    return nil
                } catch { return error }
            }
            #expect(error?.isEnvironmental == true, "\(fails)")
        }
        #expect(work.files() == ["\(file.id)/a.jpg", "\(file.id)/a.jpg.json"] && target.files() == [])
        // And once it can be written, it is put away.
        try disposal.finish(file)
        #expect(target.files() == ["done/a.jpg", "done/a.jpg.json"] && workIsEmpty)
    }

    @Test("Killed between the file and its sidecar: the next start brings the rest")
    func sidecarAfterCrash() throws {
        let file = try taken("a.jpg", sidecar: true)
        try target.write([1], to: "done/a.jpg")
        try FileSystem.remove(file.path)
        try disposal.finish(file)
        #expect(target.files() == ["done/a.jpg", "done/a.jpg.json"] && workIsEmpty)
    }
}
