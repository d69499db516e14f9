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
