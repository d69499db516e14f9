// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

@Suite("An open folder")
struct OpenFolderTests {
    @Test("Names are bytes: line breaks and invalid UTF-8 are listed and opened")
    func names() throws {
        let folder = try TemporaryFolder()
        let names: [[UInt8]] = [Array("a.jpg".utf8), Array("new\nline".utf8), [0xFF, 0xFE, 0x41], Array("ü".utf8)]
        for name in names { try folder.write([1, 2, 3], toName: name) }
        var found: Set<[UInt8]> = []
        let opened = try OpenFolder(folder.path)
        try opened.forEachName { name in
            found.insert(name)
            return true
        }
        #expect(found == Set(names))
        for name in names { #expect(try opened.identity(of: name).byteCount == 3) }
    }

    @Test("Links are not followed, neither as files nor as folders")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "real/a")
        let opened = try OpenFolder(folder.path)
        try folder.makeLink("link", to: "real")
        #expect(try opened.identity(of: Array("link".utf8)).kind == .link)
        #expect(throws: Errno.self) { _ = try opened.opening(Array("link".utf8)).identity() }
        #expect(throws: Errno.self) { _ = try opened.opening([Array("link".utf8)]).identity() }
        #expect(throws: Errno.tooManySymbolicLinkLevels) { _ = try opened.openFile(Array("link".utf8)) }
    }

    @Test("A folder that is missing is made, with those above it; a file or a link to nothing in its place is told")
    func making() throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("a").appending("b")
        for _ in 0..<2 { #expect(try OpenFolder.openingOrMaking(path).identity().kind == .folder) }
        let none: [[UInt8]] = []
        #expect(try OpenFolder(path).opening(none).identity() == OpenFolder(path).identity())
        #expect(try OpenFolder(path).openingOrMaking(none).identity() == OpenFolder(path).identity())
        let inner = try OpenFolder(path).openingOrMaking([[0x63], [0x64]]).identity()
        #expect(try OpenFolder(path).opening([[0x63], [0x64]]).identity() == inner)
        try folder.write([1], to: "file")
        try folder.makeLink("link", to: "nothing")
        for name in ["file", "link"] {
            #expect(throws: Errno.notDirectory) {
                _ = try OpenFolder.openingOrMaking(folder.path.appending(name)).identity()
            }
        }
    }

    @Test("A rename never replaces")
    func exclusive() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "a")
        try folder.write([2], to: "b")
        let opened = try OpenFolder(folder.path)
        #expect(throws: Errno.fileExists) {
            try opened.rename(Array("a".utf8), to: opened, as: Array("b".utf8))
        }
        #expect(try folder.bytes(of: "b") == [2])
    }
}
