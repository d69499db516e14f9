// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

/// Folders reached by name, and moves that cannot be made.
@Suite struct FolderOperationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("Folders are opened one name after the other, and made where they are missing")
    func descending() throws {
        let root = try OpenFolder(folder.path)
        let names = ["a", "b", "c"].map(bytes)
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try root.opening(names).identity() }
        let made = try root.openingOrMaking(names)
        #expect(FileSystem.isFolder(folder.path.appending("a/b/c")))
        let found = try root.opening(names)
        #expect(try made.identity() == found.identity())
        _ = try root.openingOrMaking(names).identity()
        let itself = try root.opening([] as [[UInt8]])
        #expect(try itself.identity().inode == root.identity().inode)
    }

    @Test("A file or a link in the way of a folder is an error", arguments: ["file", "link"])
    func inTheWay(name: String) throws {
        try folder.write([1], to: "file")
        try FileSystem.makeFolder(folder.path.appending("real"))
        try folder.makeLink("link", to: "real")
        let root = try OpenFolder(folder.path)
        #expect(throws: Errno.self) { _ = try root.openingOrMaking([bytes(name), bytes("x")]).identity() }
        #expect(folder.files().sorted() == ["file", "link"])
    }

    @Test("Names are handed out until the caller has enough, and an error of its own is thrown")
    func names() throws {
        for index in 0..<20 { try folder.write([], to: "f\(index)") }
        let root = try OpenFolder(folder.path)
        var seen = 0
        try root.forEachName { _ in
            seen += 1
            return seen < 7
        }
        #expect(seen == 7)
        #expect(throws: CancellationError.self) { try root.forEachName { _ in throw CancellationError() } }
        var all: Set<[UInt8]> = []
        try root.forEachName { all.insert($0).inserted }
        #expect(all.count == 20, "a second walk begins at the first name")
    }

    @Test("A folder that was renamed stays reachable, and is not the one that took its name")
    func renamed() throws {
        try folder.write([1], to: "old/a")
        let opened = try OpenFolder(folder.path.appending("old"))
        try FileSystem.rename(folder.path.appending("old"), folder.path.appending("new"))
        try folder.write([2, 2], to: "old/a")
        #expect(try opened.identity(of: bytes("a")).byteCount == 1)
        try opened.remove(bytes("a"))
        #expect(folder.files() == ["old/a"])
    }

    @Test("Creating never opens what is there, links included")
    func creating() throws {
        try folder.write([1], to: "there")
        try folder.makeLink("dangling", to: "nowhere")
        let root = try OpenFolder(folder.path)
        for name in ["there", "dangling"] {
            #expect(throws: Errno.fileExists) { try root.createFile(bytes(name), mode: 0o600) }
        }
        let file = try root.createFile(bytes("new"), mode: 0o640)
        try file.writeBytes([7, 8])
        try file.closing()
        #expect(try root.identity(of: bytes("new")).byteCount == 2)
        #expect(folder.files().contains("new") && !folder.files().contains("nowhere"))
    }

    @Test("A pipe is opened without waiting for a writer")
    func pipe() throws {
        try folder.makePipe("pipe")
        let root = try OpenFolder(folder.path)
        let file = try root.openFile(bytes("pipe"))
        #expect(try file.identity().kind == .other)
        try file.close()
    }

    @Test("Removing: a file, an empty folder, and neither for the other")
    func removing() throws {
        try folder.write([1], to: "full/a")
        let root = try OpenFolder(folder.path)
        try root.makeFolder(bytes("empty"))
        #expect(throws: Errno.fileExists) { try root.makeFolder(bytes("empty")) }
        #expect(throws: Errno.self) { try root.remove(bytes("empty")) }
        #expect(throws: Errno.notDirectory) { try root.opening(bytes("full")).removeFolder(bytes("a")) }
        #expect(throws: Errno.directoryNotEmpty) { try root.removeFolder(bytes("full")) }
        try root.removeFolder(bytes("empty"))
        #expect(throws: Errno.noSuchFileOrDirectory) { try root.remove(bytes("none")) }
        try root.synchronize()
    }

    @Test(
        "A file that is gone, a folder and a link are not moved, and nothing is left behind", arguments: [true, false])
    func unmovable(copies: Bool) throws {
        try folder.write([1], to: "from/inside/a")
        try folder.write([], to: "to/keep")
        try folder.makeLink("from/link", to: "inside")
        let from = try OpenFolder(folder.path.appending("from"))
        let to = try OpenFolder(folder.path.appending("to"))
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try FileMover.move(bytes("none"), from: from, to: to, as: bytes("x"), copies: copies)
        }
        if copies {
            #expect(throws: Errno.invalidArgument) {
                try FileMover.move(bytes("inside"), from: from, to: to, as: bytes("x"), copies: true)
            }
            #expect(throws: Errno.tooManySymbolicLinkLevels) {
                try FileMover.move(bytes("link"), from: from, to: to, as: bytes("x"), copies: true)
            }
        }
        #expect(folder.files().filter { $0.hasPrefix("to/") } == ["to/keep"])
        #expect(folder.files().contains("from/inside/a"))
    }

    @Test("A copy keeps the permissions and leaves other names of the file alone", arguments: [0o600, 0o644, 0o755])
    func copyKeepsMode(mode: Int) throws {
        let path = try folder.write(pattern(5_000), to: "from/a")
        try FileSystem.link(path, folder.path.appending("other"))
        try FileSystem.makeFolder(folder.path.appending("to"))
        let opened = try FileDescriptor.open(path, .readWrite)
        defer { opened.closeIgnoringErrors() }
        let runner = try ChildProcess(["/bin/chmod", String(mode, radix: 8), path.string])
        #expect(runner.wait() == 0)
        let from = try OpenFolder(folder.path.appending("from"))
        let to = try OpenFolder(folder.path.appending("to"))
        #expect(try FileMover.move(bytes("a"), from: from, to: to, as: bytes("a"), copies: true) == .copied)
        #expect(try to.identity(of: bytes("a")).mode & 0o777 == UInt32(mode))
        // A change through the other name does not reach the copy.
        _ = try opened.writeAll([1, 2, 3])
        #expect(try folder.bytes(of: "to/a") == pattern(5_000))
        #expect(try folder.bytes(of: "other")?.prefix(3) == [1, 2, 3])
    }
}
