// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite("A layout of folders")
struct FolderLayoutTests {
    private func isRefused(watched: [FilePath], written: [FilePath], ours: [FilePath] = []) throws -> Bool {
        let layout = FolderLayout(
            watched: try watched.map { FolderLayout.Entry("The watched folder", try FolderLocation(of: $0)) },
            written: try written.map { FolderLayout.Entry("The outbox", try FolderLocation(of: $0)) }
                + ours.map { FolderLayout.Entry("The work folder", try FolderLocation(of: $0), isOurOwn: true) })
        do throws(WatchError) {
            try layout.check()
            return false
        } catch {
            #expect(error.code == .foldersOverlap)
            return true
        }
    }

    @Test("Output feeds input: folders that overlap are refused, also when they do not exist yet")
    func overlaps() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "in/x")
        try folder.write([1], to: "inbox/x")
        let root = folder.path
        #expect(try !isRefused(watched: [root.appending("in")], written: [root.appending("out")]))
        #expect(try !isRefused(watched: [root.appending("in")], written: [root.appending("inbox")]))
        #expect(try isRefused(watched: [root.appending("in")], written: [root.appending("in")]))
        #expect(try isRefused(watched: [root.appending("in")], written: [root.appending("in/out")]))
        #expect(try isRefused(watched: [root.appending("in")], written: [root]))
        #expect(try isRefused(watched: [root.appending("new")], written: [root.appending("new/out")]))
        #expect(try isRefused(watched: [root.appending("in")], written: [root.appending("other/../in/done")]))
        #expect(try isRefused(watched: [root.appending("in"), root.appending("in/sub")], written: []))
        #expect(try isRefused(watched: [root.appending("in"), root.appending("in")], written: []))
    }

    @Test("Folders that feed each other are refused")
    func circle() throws {
        let folder = try TemporaryFolder()
        let (one, two) = (folder.path.appending("one"), folder.path.appending("two"))
        #expect(try isRefused(watched: [one, two], written: [two, one]))
        #expect(try isRefused(watched: [one, two], written: [two]))
    }

    @Test("Links are seen through")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "in/sub/x")
        try folder.makeLink("elsewhere", to: "in/sub")
        let root = folder.path
        #expect(try isRefused(watched: [root.appending("in")], written: [root.appending("elsewhere")]))
        #expect(try isRefused(watched: [root.appending("in")], written: [root.appending("elsewhere/new/out")]))
        #expect(try isRefused(watched: [root.appending("elsewhere")], written: [root.appending("in")]))
    }

    @Test("Our own work folder may be inside")
    func ours() throws {
        let folder = try TemporaryFolder()
        #expect(try !isRefused(watched: [folder.path], written: [], ours: [folder.path.appending(".snug-work")]))
    }

    @Test("One folder under two paths without a link, as by a bind mount, is one folder")
    func bindMount() {
        typealias Identity = FolderLocation.Identity
        let root = Identity(device: 1, inode: 2)
        let watched = FolderLocation(
            path: "/in", resolved: "/in", ancestors: [Identity(device: 1, inode: 9), root], exists: true)
        let written = FolderLocation(
            path: "/mnt/out", resolved: "/mnt/out",
            ancestors: [
                Identity(device: 1, inode: 11), Identity(device: 1, inode: 9), Identity(device: 1, inode: 5), root,
            ], exists: true)
        #expect(watched.overlaps(written) && written.overlaps(watched))
    }
}
