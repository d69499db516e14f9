// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

/// The system's notices of changes, one by one.
@Suite struct InotifyTests {
    private let folder: TemporaryFolder
    private let notices: Inotify
    private let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
    private static let all: Inotify.Kinds = [
        .attributes, .closedAfterWriting, .movedFrom, .movedTo, .created, .folderDeleted, .folderMoved,
    ]

    init() throws {
        folder = try TemporaryFolder()
        notices = try Inotify()
        pipe = try FileDescriptor.pipe()
    }

    /// The events so far; what caused them has happened already.
    private func events() throws -> [Inotify.Event] {
        _ = try pipe.writeEnd.writeAll([1])
        defer { _ = try? pipe.readEnd.readSome(maximum: 16) }
        return try notices.waitForEvents(orWake: pipe.readEnd)
    }

    private func watch() throws -> Int32 { try notices.watch(folder.path, for: Self.all.union(.onlyFolders)) }

    @Test("A written file is created and closed, under its name")
    func written() throws {
        let watch = try watch()
        try folder.write([1], to: "a.jpg")
        let name = Array("a.jpg".utf8)
        #expect(
            try events() == [
                Inotify.Event(watch: watch, kinds: .created, name: name),
                Inotify.Event(watch: watch, kinds: .closedAfterWriting, name: name),
            ])
    }

    @Test("A move within the folder is two notices, in order")
    func moved() throws {
        try folder.write([1], to: "a")
        let watch = try watch()
        try FileSystem.rename(folder.path.appending("a"), folder.path.appending("b"))
        #expect(
            try events() == [
                Inotify.Event(watch: watch, kinds: .movedFrom, name: [0x61]),
                Inotify.Event(watch: watch, kinds: .movedTo, name: [0x62]),
            ])
    }

    @Test("A new folder is marked as one")
    func folders() throws {
        let watch = try watch()
        try FileSystem.makeFolder(folder.path.appending("sub"))
        #expect(
            try events() == [
                Inotify.Event(watch: watch, kinds: [.created, .isFolder], name: Array("sub".utf8))
            ])
    }

    @Test("A name that is no UTF-8 comes as its bytes, whatever its length", arguments: [1, 15, 16, 17, 255])
    func names(count: Int) throws {
        let watch = try watch()
        let name = [UInt8](repeating: 0xFE, count: count)
        try folder.write([], toName: name)
        #expect(try events().first == Inotify.Event(watch: watch, kinds: .created, name: name))
    }

    @Test("The end of the folder ends the watch")
    func deleted() throws {
        let sub = folder.path.appending("sub")
        try FileSystem.makeFolder(sub)
        let watch = try notices.watch(sub, for: Self.all)
        try FileSystem.removeFolder(sub)
        let found = try events()
        #expect(found.allSatisfy { $0.watch == watch && $0.name.isEmpty })
        #expect(found.contains { $0.kinds.contains(.folderDeleted) })
        #expect(found.last?.kinds == .ignored)
    }

    @Test("A folder that is watched twice has one number, and none after the watch is ended")
    func numbers() throws {
        let watch = try watch()
        #expect(try self.watch() == watch)
        notices.unwatch(watch)
        #expect(try events().map(\.kinds) == [.ignored])
        try folder.write([1], to: "a")
        #expect(try events().isEmpty)
        notices.unwatch(watch)
    }

    @Test("Without a change the wake alone ends the wait")
    func wake() throws {
        _ = try watch()
        #expect(try events().isEmpty)
    }

    @Test("Files, missing names and, where asked, links are refused")
    func refused() throws {
        try folder.write([1], to: "file")
        try folder.makeLink("link", to: ".")
        #expect(throws: Errno.notDirectory) {
            try notices.watch(folder.path.appending("file"), for: [.created, .onlyFolders])
        }
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try notices.watch(folder.path.appending("none"), for: .created)
        }
        #expect(throws: Errno.self) {
            try notices.watch(
                folder.path.appending("link"), for: [.created, .onlyFolders, .withoutFollowing])
        }
    }

    @Test("Thousands of events come whole, over as many reads as they need")
    func many() throws {
        _ = try watch()
        for index in 0..<3_000 { try folder.write([], to: "file-with-a-long-name-\(index)") }
        var names: [[UInt8]] = []
        while true {
            let found = try events()
            if found.isEmpty { break }
            names += found.filter { $0.kinds == .created }.map(\.name)
        }
        #expect(names == (0..<3_000).map { Array("file-with-a-long-name-\($0)".utf8) })
    }

    @Test("The user's limit is a number")
    func limit() { #expect((Inotify.watchLimit ?? 0) > 0) }
}
