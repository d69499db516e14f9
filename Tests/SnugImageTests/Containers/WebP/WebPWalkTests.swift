// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct WebPWalkTests {
    private func report(_ bytes: [UInt8]) throws -> StructureReport {
        let source = ImageSource(bytes: bytes)
        return try StructureWalk.report(of: source, header: try ImageProbe.header(of: source))
    }

    @Test("Sound files are walked to the end that they announce", arguments: WebPFixtures.names)
    func sound(name: String) throws {
        let file = try WebPFixtures.file(name)
        #expect(try report(file).imageEnd == file.count)
        let trailing = try report(file + Array("something else".utf8))
        #expect(trailing.imageEnd == file.count && trailing.trailer == .other)
    }

    @Test("A file that ends early is told so", arguments: WebPFixtures.names)
    func truncated(name: String) throws {
        let file = try WebPFixtures.file(name)
        for count in stride(from: 12, to: file.count - 1, by: 7) {
            #expect(throws: ImageError.self) { try report(Array(file.prefix(count))) }
        }
    }

    @Test("Stripping leaves the pixels, the profile and the orientation", arguments: WebPFixtures.names)
    func stripped(name: String) throws {
        let file = try WebPFixtures.file(name)
        let source = ImageSource(bytes: file)
        let header = try ImageProbe.header(of: source)
        let bytes = try #require(
            try MetadataStripper(source, header: header).bytes(byteLimit: .max))
        let after = try probe(bytes)
        #expect(bytes.count <= file.count && after.metadata.xmp == 0 && after.metadata.exif <= 34)
        #expect(after.orientation == header.orientation && after.frameCount == header.frameCount)
        #expect(after.iccProfileName == header.iccProfileName && after.hasAlpha == header.hasAlpha)
        #expect(try report(bytes).imageEnd == bytes.count)
        #expect(
            try DrawnImage.difference(DrawnImage.decoded(bytes), DrawnImage.decoded(file)) == 0)
    }

    @Test("Frames have their places, and how they are drawn")
    func frames() throws {
        var walk = try WebPWalk(
            ImageSource(bytes: try WebPFixtures.file("frames")), limits: DecodingLimits())
        while try walk.next() != nil {}
        #expect(walk.frames.map(\.left) == [0, 8, 2, 4] && walk.frames.map(\.top) == [0, 4, 6, 0])
        #expect(walk.frames.map(\.isBlended) == [false, true, false, true])
        #expect(walk.frames.map(\.isCleared) == [false, true, false, false])
    }

    @Test("Only the kinds of metadata that are kept stay", arguments: FitPolicy.Metadata.Kind.allCases)
    func keptKind(kind: FitPolicy.Metadata.Kind) throws {
        let source = ImageSource(bytes: try WebPFixtures.file("metadata"))
        let header = try ImageProbe.header(of: source)
        let stripper = try MetadataStripper(source, header: header, metadata: FitPolicy.Metadata(kinds: [kind]))
        let after = try probe(try #require(try stripper.bytes(byteLimit: .max)))
        #expect((after.metadata.xmp > 0) == (kind == .xmp))
        // The orientation stays in any case, as does the profile.
        #expect(after.orientation == header.orientation && after.metadata.icc == header.metadata.icc)
    }

    @Test("Metadata that are kept stay byte for byte")
    func kept() throws {
        let source = ImageSource(bytes: try WebPFixtures.file("metadata"))
        let header = try ImageProbe.header(of: source)
        let stripper = try MetadataStripper(source, header: header, metadata: .keep)
        let after = try probe(try #require(try stripper.bytes(byteLimit: .max)))
        #expect(after.metadata == header.metadata)
    }
}
