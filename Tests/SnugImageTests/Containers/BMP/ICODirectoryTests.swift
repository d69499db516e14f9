// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

@Suite struct ICODirectoryTests {
    @Test("The largest image counts, of equal ones that with the most bits")
    func largest() throws {
        let directory = try ICODirectory(ImageSource(bytes: try FixtureFolder.bmp.bytes("png.ico")))
        #expect(directory.count == 2 && directory.isPNG)
        let header = try probe(try FixtureFolder.bmp.bytes("png.ico"))
        #expect(header.format == .ico && header.width == 13 && header.height == 7)
        #expect(header.warnings.contains { $0.contains("2 images") })
        // Side 0 stands for 256, and wins.
        var file = try FixtureFolder.bmp.bytes("png.ico")
        (file[6], file[7]) = (0, 0)
        #expect(try !ICODirectory(ImageSource(bytes: file)).isPNG)
        (file[6], file[7], file[12]) = (13, 7, 64)
        #expect(try !ICODirectory(ImageSource(bytes: file)).isPNG)
    }

    @Test("The height of a bitmap inside counts its mask", arguments: ["mask", "alpha"])
    func height(name: String) throws {
        let header = try probe(try FixtureFolder.bmp.bytes("\(name).ico"))
        #expect(header.width == 13 && header.height == 7 && header.hasAlpha)
    }

    @Test("An icon is told from other content by its first entry")
    func signature() throws {
        let file = try FixtureFolder.bmp.bytes("mask.ico")
        #expect(ContentSignature(file) == .ico)
        var other = file
        other[9] = 1
        #expect(ContentSignature(other) != .ico)
        other = file
        other.replaceSubrange(18..<22, with: [3, 0, 0, 0])
        #expect(ContentSignature(other) != .ico)
        #expect(ContentSignature(Array(file.prefix(20))) != .ico)
    }

    @Test("An icon cut before its image is told so")
    func cut() throws {
        let file = try FixtureFolder.bmp.bytes("mask.ico")
        #expect { try probe(Array(file.prefix(25))) } throws: { ($0 as? ImageError)?.code == .truncatedInput }
    }
}
