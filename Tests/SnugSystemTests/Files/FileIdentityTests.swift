// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct FileIdentityTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    private func link(_ target: String, _ name: String) throws {
        let result = unsafe path(name).withPlatformString { link in
            unsafe path(target).withPlatformString { unsafe symlink($0, link) }
        }
        try #require(result == 0)
    }

    @Test("Files, folders, links and pipes are told apart")
    func kinds() throws {
        try folder.write([1, 2, 3], to: "x/a")
        try link("x/a", "link")
        try link("x", "folder-link")
        try #require(unsafe path("pipe").withPlatformString { unsafe mkfifo($0, 0o600) } == 0)
        func kind(_ name: String, _ follows: Bool) throws -> FileIdentity.Kind {
            try FileIdentity(of: path(name), followsLinks: follows).kind
        }
        #expect(try kind("x/a", false) == .file)
        #expect(try kind("x", false) == .folder)
        #expect(try kind("link", false) == .link)
        #expect(try kind("link", true) == .file)
        #expect(try kind("folder-link", true) == .folder)
        #expect(try kind("pipe", true) == .other)
        #expect(throws: Errno.noSuchFileOrDirectory) { try kind("nowhere", true) }
    }

    @Test("Size, permissions and names are the system's")
    func facts() throws {
        try folder.write([1, 2, 3], to: "a")
        try #require(unsafe path("a").withPlatformString { unsafe chmod($0, 0o640) } == 0)
        let identity = try FileIdentity(of: path("a"), followsLinks: false)
        #expect(identity.byteCount == 3 && identity.mode == 0o640 && identity.linkCount == 1)
        #expect(identity.modified > 0 && identity.changed >= identity.modified)
    }

    @Test("A path and an open descriptor have one identity")
    func descriptor() throws {
        try folder.write([1], to: "a")
        try folder.write([1], to: "b")
        let file = try FileDescriptor.opening(path("a"), .readOnly)
        defer { file.closeIgnoringErrors() }
        let opened = try file.identity()
        #expect(opened == (try FileIdentity(of: path("a"), followsLinks: false)))
        #expect(!opened.isSameFile(as: try FileIdentity(of: path("b"), followsLinks: false)))
    }

    @Test("A file without a name keeps its identity while it is open")
    func unlinked() throws {
        try folder.write([1], to: "a")
        let file = try FileDescriptor.opening(path("a"), .readOnly)
        defer { file.closeIgnoringErrors() }
        try FileSystem.remove(path("a"))
        #expect(try file.identity().linkCount == 0)
    }

    @Test("A rewritten file differs from itself before")
    func changes() throws {
        try folder.write([1], to: "a")
        let before = try FileIdentity(of: path("a"), followsLinks: false)
        try folder.write([1, 2], to: "a")
        let after = try FileIdentity(of: path("a"), followsLinks: false)
        #expect(before.isSameFile(as: after) && before != after)
    }
}
