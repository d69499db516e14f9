// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct FolderListingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("Names come in the order of their bytes, hidden ones included, without dots")
    func names() throws {
        for name in ["b", "a", "B", ".hidden", "ä"] { try folder.write([1], to: name) }
        let names = try FolderListing.names(in: folder.path)
        #expect(names.map { String(decoding: $0, as: UTF8.self) } == [".hidden", "B", "a", "b", "ä"])
    }

    @Test("A name that is no UTF-8 opens the file")
    func brokenNames() throws {
        try folder.write([9], toName: [0x61, 0xFF])
        let names = try FolderListing.names(in: folder.path)
        #expect(names == [[0x61, 0xFF]])
        let path = folder.path.appending(FilePath(bytes: [0x61, 0xFF]).components)
        #expect(try FileIdentity(of: path, followsLinks: false).byteCount == 1)
    }

    @Test("A folder of thousands of files is listed whole")
    func large() throws {
        for number in 0..<3000 { try folder.write([], to: "\(number)") }
        #expect(try FolderListing.names(in: folder.path).count == 3000)
    }

    @Test("Files are found by the end of their names")
    func suffix() throws {
        for name in ["a.json", "b.json", "c.txt", "json"] { try folder.write([1], to: name) }
        let files = try FolderListing.files(in: folder.path, suffix: ".json")
        #expect(files.map { $0.lastComponent?.string } == ["a.json", "b.json"])
        #expect(try FolderListing.files(in: folder.path).count == 4)
    }

    @Test("A missing folder and a file are errors")
    func errors() throws {
        try folder.write([1], to: "file")
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try FolderListing.names(in: folder.path.appending("nowhere"))
        }
        #expect(throws: Errno.notDirectory) { try FolderListing.names(in: folder.path.appending("file")) }
    }

    @Test("A path holds the bytes that it was made of", arguments: [[0x61, 0xFF, 0x2F, 0x62], [], [0x2F], [0x2D]])
    func pathBytes(bytes: [UInt8]) { #expect(FilePath(bytes: bytes).bytes == bytes) }

    @Test("A path ends at a NUL")
    func pathWithNUL() { #expect(FilePath(bytes: [0x61, 0, 0x62]).bytes == [0x61]) }
}
