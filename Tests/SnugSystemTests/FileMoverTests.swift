// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

@Suite("A file mover")
struct FileMoverTests {
    private static let name = Array("a.jpg".utf8)

    @Test("Within a file system a file is renamed, and no name is taken twice")
    func renames() throws {
        let folder = try TemporaryFolder()
        try folder.write([1, 2], to: "from/a.jpg")
        try folder.write([3], to: "to/taken.jpg")
        let from = try OpenFolder(folder.path.appending("from"))
        let to = try OpenFolder(folder.path.appending("to"))
        #expect(try FileMover.move(Self.name, from: from, to: to, as: Array("taken.jpg".utf8)) == .nameTaken)
        #expect(try FileMover.move(Self.name, from: from, to: to, as: Self.name) == .moved)
        #expect(folder.files() == ["to/a.jpg", "to/taken.jpg"])
    }

    @Test("A copy has the bytes and the times of the original, which is gone", arguments: [0, 1, 3_000_000])
    func copies(count: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = pattern(count)
        let path = try folder.write(bytes, to: "from/a.jpg")
        try folder.write([], to: "to/taken.jpg")
        let before = try FileIdentity(of: path, followsLinks: false)
        let from = try OpenFolder(folder.path.appending("from"))
        let to = try OpenFolder(folder.path.appending("to"))
        #expect(
            try FileMover.move(Self.name, from: from, to: to, as: Array("taken.jpg".utf8), copies: true) == .nameTaken)
        #expect(try FileMover.move(Self.name, from: from, to: to, as: Self.name, copies: true) == .copied)
        #expect(try to.identity(of: Self.name).modified == before.modified)
        #expect(try folder.bytes(of: "to/a.jpg") == bytes)
        #expect(folder.files() == ["to/a.jpg", "to/taken.jpg"])
    }

    @Test(
        "Between two file systems a file is copied, with its times kept",
        .enabled(if: FileMoverTests.hasSecondFileSystem))
    func acrossFileSystems() throws {
        let folder = try TemporaryFolder()
        let other = try TemporaryFolder(in: "/dev/shm")
        let path = try folder.write([5, 6, 7], to: "a.jpg")
        let before = try FileIdentity(of: path, followsLinks: false)
        let from = try OpenFolder(folder.path)
        let to = try OpenFolder(other.path)
        #expect(try FileMover.move(Self.name, from: from, to: to, as: Self.name) == .copied)
        #expect(try other.bytes(of: "a.jpg") == [5, 6, 7])
        #expect(try to.identity(of: Self.name).modified == before.modified)
        #expect(folder.files().isEmpty)
    }

    static var hasSecondFileSystem: Bool {
        guard let folder = try? TemporaryFolder(), let one = try? FileIdentity(of: folder.path, followsLinks: true),
            let two = try? FileIdentity(of: "/dev/shm", followsLinks: true)
        else { return false }
        return one.device != two.device
    }

    @Test(
        "What is no file, is gone, or leads elsewhere is not copied, and nothing is left of the attempt",
        arguments: [
            "missing", "folder", "link", "pipe",
        ])
    func refused(name: String) throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "from/folder/kept")
        try folder.write([2], to: "secret")
        try folder.makeLink("from/link", to: "../secret")
        try folder.makePipe("from/pipe")
        try FileSystem.makeFolders(folder.path.appending("to"))
        let before = folder.files()
        let from = try OpenFolder(folder.path.appending("from"))
        let to = try OpenFolder(folder.path.appending("to"))
        #expect(throws: Errno.self) {
            try FileMover.move(Array(name.utf8), from: from, to: to, as: Self.name, copies: true)
        }
        #expect(folder.files() == before)
    }

    @Test("A copy keeps permissions and any name of bytes", arguments: [0o600, 0o444, 0o755] as [UInt32])
    func namesAndModes(mode: UInt32) throws {
        let folder = try TemporaryFolder()
        try FileSystem.makeFolders(folder.path.appending("to"))
        let name: [UInt8] = [0x61, 0xFF, 0x0A, 0x62]
        try folder.write([1, 2, 3], toName: name)
        let from = try OpenFolder(folder.path)
        let file = try from.openFile(name)
        try #require(Glibc.fchmod(file.rawValue, mode) == 0)
        file.closeIgnoringErrors()
        let to = try OpenFolder(folder.path.appending("to"))
        #expect(try FileMover.move(name, from: from, to: to, as: name, copies: true) == .copied)
        let copy = try to.identity(of: name)
        #expect(copy.mode & 0o777 == mode && copy.byteCount == 3)
        #expect(throws: Errno.noSuchFileOrDirectory) { try from.identity(of: name) }
    }

    @Test("A program that has a file open for writing is noticed")
    func writers() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "a")
        let reader = try FileDescriptor.opening(path, .readOnly)
        defer { try? reader.close() }
        #expect(reader.hasWriters == false)
        let writer = try FileDescriptor.opening(path, .writeOnly)
        #expect(reader.hasWriters == true)
        try writer.close()
        #expect(reader.hasWriters == false)
    }

    @Test("A stretch that was never written is noticed")
    func holes() throws {
        let folder = try TemporaryFolder()
        let whole = try folder.write(pattern(100_000), to: "whole")
        let sparse = try folder.write([], to: "sparse")
        let file = try FileDescriptor.opening(sparse, .readWrite)
        defer { try? file.close() }
        try file.resize(to: 1 << 20)
        #expect(file.hasHoles)
        let other = try FileDescriptor.opening(whole, .readOnly)
        defer { try? other.close() }
        #expect(!other.hasHoles)
    }
}
