// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// What an output carries along, segment by segment.
@Suite struct MetadataSegmentsTests {
    private static let exifHeader = Array("Exif\0\0".utf8)
    private static let xmpHeader = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    private static let packet = "<a tiff:Orientation=\"6\"/>"
    private static let block: [UInt8] = {
        var block = TIFFBuilder([.orientation(6), .init(0x010F, value: 5)])
        block.trailer = [1, 2, 3]
        return block.bytes
    }()

    private func input(_ segments: [[UInt8]]) throws -> (source: ImageSource, header: ImageHeader) {
        let bytes = JPEGBuilder(segments: segments).bytes
        return (ImageSource(bytes: bytes), try probe(bytes))
    }

    private static let loaded = [JPEGBuilder.exif(block), JPEGBuilder.xmp(packet), JPEGBuilder.segment(0xFE, [1])]

    @Test("By default re-encoded pixels carry nothing")
    func encodedStripped() throws {
        let file = try input(Self.loaded)
        #expect(
            try MetadataSegments.encoded(file.source, header: file.header, policy: FitPolicy(), profile: [1, 2]).isEmpty
        )
    }

    @Test("Kept, EXIF and XMP say upright, and the profile follows")
    func encodedKept() throws {
        let file = try input(Self.loaded)
        let segments = try MetadataSegments.encoded(
            file.source, header: file.header, policy: FitPolicy(metadata: .keep), profile: [7, 8, 9])
        var upright = Self.block
        upright.replaceSubrange(18..<22, with: [0, 1, 0, 0])
        #expect(
            segments == [
                MetadataSegment(marker: 0xE1, payload: Self.exifHeader + upright),
                MetadataSegment(marker: 0xE1, payload: Self.xmpHeader + Array("<a tiff:Orientation=\"1\"/>".utf8)),
                MetadataSegment(marker: 0xE2, payload: Array("ICC_PROFILE\0".utf8) + [1, 1, 7, 8, 9]),
            ])
    }

    @Test("Unchanged coefficients keep the orientation, in the smallest block", arguments: Orientation.allCases)
    func unchangedStripped(orientation: Orientation) throws {
        let exif = JPEGBuilder.exif(TIFFBuilder([.orientation(orientation.rawValue), .init(0x010F, value: 1)]).bytes)
        let file = try input([exif, JPEGBuilder.xmp("<x/>")])
        let segments = try MetadataSegments.unchanged(file.source, header: file.header, policy: FitPolicy())
        let expected = MetadataSegment(marker: 0xE1, payload: Self.exifHeader + EXIFBlock.minimal(orientation))
        #expect(segments == (orientation == .upright ? [] : [expected]))
    }

    @Test("Unchanged and kept, EXIF and XMP stay byte for byte")
    func unchangedKept() throws {
        let file = try input(Self.loaded)
        let segments = try MetadataSegments.unchanged(
            file.source, header: file.header, policy: FitPolicy(metadata: .keep))
        #expect(
            segments == [
                MetadataSegment(marker: 0xE1, payload: Self.exifHeader + Self.block),
                MetadataSegment(marker: 0xE1, payload: Self.xmpHeader + Array(Self.packet.utf8)),
            ])
    }

    @Test("A profile stays with unchanged coefficients, whatever the policy", arguments: FitPolicy.Metadata.allCases)
    func unchangedProfile(metadata: FitPolicy.Metadata) throws {
        let icc = profile(space: "RGB ", description: textDescription("p"))
        let file = try input([JPEGBuilder.icc(1, of: 1, icc)])
        let segments = try MetadataSegments.unchanged(
            file.source, header: file.header, policy: FitPolicy(metadata: metadata))
        #expect(segments == [MetadataSegment(marker: 0xE2, payload: Array("ICC_PROFILE\0".utf8) + [1, 1] + icc)])
    }

    @Test(
        "A large profile is cut into numbered pieces that go together again",
        arguments: [(65_519, 1), (65_520, 2), (131_038, 2), (131_039, 3), (300_000, 5)])
    func pieces(count: Int, expected: Int) throws {
        let profile = pattern(count)
        let file = try input([])
        let segments = try MetadataSegments.encoded(
            file.source, header: file.header, policy: FitPolicy(metadata: .keep), profile: profile)
        #expect(segments.count == expected)
        #expect(segments.allSatisfy { $0.marker == 0xE2 && $0.payload.count <= 65_533 })
        #expect(segments.map { $0.payload[12] } == (1...UInt8(expected)).map { $0 })
        #expect(segments.allSatisfy { $0.payload[13] == UInt8(expected) })
        #expect(segments.flatMap { $0.payload.dropFirst(14) } == profile)
    }

    @Test("A profile of no bytes or of more than 255 pieces is left out", arguments: [0, 255 * 65_519 + 1])
    func impossibleProfile(count: Int) throws {
        let file = try input([])
        let segments = try MetadataSegments.encoded(
            file.source, header: file.header, policy: FitPolicy(metadata: .keep),
            profile: [UInt8](repeating: 1, count: count))
        #expect(segments.isEmpty)
    }

    @Test("A packet of a PNG that no segment can hold is left out")
    func oversize() throws {
        let packet = String(repeating: "x", count: 65_533 - Self.xmpHeader.count)
        func segments(_ packet: String) throws -> [MetadataSegment] {
            let bytes = PNGBuilder(chunks: [PNGBuilder.xmp(packet)]).bytes
            return try MetadataSegments.encoded(
                ImageSource(bytes: bytes), header: probe(bytes), policy: FitPolicy(metadata: .keep), profile: nil)
        }
        #expect(try segments(packet).map(\.payload.count) == [65_533])
        #expect(try segments(packet + "x").isEmpty)
    }
}
