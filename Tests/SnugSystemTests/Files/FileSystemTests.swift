// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct FileSystemTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    @Test("A rename replaces the file that has the name")
    func renames() throws {
        try folder.write([1], to: "a")
        try folder.write([2], to: "b")
        try FileSystem.rename(path("a"), path("b"))
        #expect(folder.files() == ["b"])
        #expect(try folder.bytes(of: "b") == [1])
    }

    @Test("A second name leads to one file, and is refused where the name is taken")
    func links() throws {
        try folder.write([1], to: "a")
        try FileSystem.link(path("a"), path("b"))
        let identity = try FileIdentity(of: path("b"), followsLinks: false)
        #expect(identity.linkCount == 2)
        #expect(identity.isSameFile(as: try FileIdentity(of: path("a"), followsLinks: false)))
        #expect(throws: Errno.fileExists) { try FileSystem.link(path("a"), path("b")) }
    }

    @Test("A missing file cannot be removed, and need not be")
    func removes() throws {
        try folder.write([1], to: "a")
        try FileSystem.remove(path("a"))
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystem.remove(path("a")) }
        FileSystem.removeIfThere(path("a"))
        #expect(folder.files().isEmpty)
    }

    @Test("An empty folder is removed, and a full one stays")
    func removesFolders() throws {
        try folder.write([1], to: "full/a")
        try FileSystem.makeFolder(path("empty"))
        try FileSystem.removeFolder(path("empty"))
        #expect(!FileSystem.isFolder(path("empty")))
        #expect(throws: Errno.directoryNotEmpty) { try FileSystem.removeFolder(path("full")) }
        #expect(try folder.bytes(of: "full/a") == [1])
    }

    @Test("Folders are made as far as they are missing, as often as one likes")
    func makesFolders() throws {
        for _ in 0..<2 { try FileSystem.makeFolders(path("x/y/z"), mode: 0o700) }
        #expect(FileSystem.isFolder(path("x/y/z")))
        #expect(try FileIdentity(of: path("x/y"), followsLinks: false).mode == 0o700)
        #expect(throws: Errno.fileExists) { try FileSystem.makeFolder(path("x")) }
    }

    @Test("A file in the way of a folder is an error, at any depth", arguments: ["file", "file/x", "file/x/y"])
    func fileInTheWay(name: String) throws {
        try folder.write([1], to: "file")
        #expect(throws: Errno.notDirectory) { try FileSystem.makeFolders(path(name)) }
        #expect(try folder.bytes(of: "file") == [1])
    }

    @Test("Many tasks make the same folders at once")
    func makesFoldersTogether() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask { [self] in try FileSystem.makeFolders(path("a/b/c/\(number % 2)")) }
            }
            for try await _ in group {}
        }
        #expect(FileSystem.isFolder(path("a/b/c/0")) && FileSystem.isFolder(path("a/b/c/1")))
    }

    @Test("A resolved path has no dots and no links")
    func resolves() throws {
        try folder.write([1], to: "x/a")
        let direct = try FileSystem.resolve(path("x/a"))
        #expect(try FileSystem.resolve(path("x").pushing("../x/./a")) == direct)
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystem.resolve(path("nowhere")) }
    }

    @Test("The current folder is absolute and there")
    func currentFolder() throws {
        let current = try FileSystem.currentFolder()
        #expect(current.isAbsolute && FileSystem.isFolder(current))
    }

    @Test("Free space is known where there is a file system")
    func availableBytes() throws {
        let free = try #require(FileSystem.availableBytes(at: folder.path))
        #expect(free >= 0)
        #expect(FileSystem.availableBytes(at: path("nowhere")) == nil)
    }

    @Test("A folder that is there can be written to, one that is not there cannot")
    func writable() throws {
        let folder = try TemporaryFolder()
        #expect(FileSystem.isWritable(folder.path))
        #expect(!FileSystem.isWritable(folder.path.appending("none")))
    }

    @Test("A folder can be made durable, and a missing one cannot")
    func synchronizes() throws {
        try FileSystem.synchronizeFolder(folder.path)
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileSystem.synchronizeFolder(path("nowhere")) }
    }
}
