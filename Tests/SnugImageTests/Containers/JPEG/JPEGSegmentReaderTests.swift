// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct JPEGSegmentReaderTests {
    private func reader(_ bytes: [UInt8]) -> JPEGSegmentReader {
        JPEGSegmentReader(ImageSource(bytes: [0xFF, 0xD8] + bytes))
    }

    private func kinds(_ segments: [[UInt8]]) throws -> [JPEGSegmentKind] {
        var reader = reader(segments.flatMap { $0 })
        var kinds: [JPEGSegmentKind] = []
        while let segment = try reader.next() { kinds.append(try reader.kind(of: segment)) }
        return kinds
    }

    @Test("Segments come with marker, offset and payload")
    func segments() throws {
        var reader = reader(JPEGBuilder.segment(0xFE, [1, 2, 3]) + JPEGBuilder.segment(0xE5, []))
        let comment = try #require(try reader.next())
        #expect(comment.marker == 0xFE && comment.offset == 2 && comment.payload == 6..<9 && comment.range == 2..<9)
        #expect(try reader.payload(comment).bytes == [1, 2, 3])
        let empty = try #require(try reader.next())
        #expect(empty.marker == 0xE5 && empty.payload.isEmpty)
        #expect(try reader.next() == nil && reader.garbageByteCount == 0)
    }

    @Test("Fill bytes before a marker are skipped, other bytes are counted")
    func fill() throws {
        var reader = reader([0xFF, 0xFF] + JPEGBuilder.segment(0xFE, [9]) + [1, 2, 3] + JPEGBuilder.segment(0xFE, []))
        #expect(try reader.next()?.offset == 4)
        #expect(reader.garbageByteCount == 0)
        #expect(try reader.next() != nil)
        #expect(reader.garbageByteCount == 3)
    }

    @Test("Each kind is recognised by its first bytes")
    func kinds() throws {
        let segments = [
            JPEGBuilder.jfif, JPEGBuilder.adobe(transform: 1), JPEGBuilder.exif([1]), JPEGBuilder.xmp("<x/>"),
            JPEGBuilder.segment(0xE1, Array("http://ns.adobe.com/xmp/extension/\0".utf8)),
            JPEGBuilder.icc(1, of: 1, [1]), JPEGBuilder.segment(0xE2, Array("MPF\0".utf8)),
            JPEGBuilder.segment(0xED, [1]), JPEGBuilder.segment(0xFE, [1]), JPEGBuilder.segment(0xE9, [1]),
            JPEGBuilder.segment(0xDB, [1]),
        ]
        #expect(
            try kinds(segments) == [
                .jfif, .adobe, .exif, .xmp, .extendedXMP, .icc, .multiImage, .photoshop, .comment, .otherApplication,
                .image,
            ])
    }

    @Test("Headers that are too short belong to another application")
    func short() throws {
        let segments = [
            JPEGBuilder.segment(0xE0, Array("JFIF\0".utf8)), JPEGBuilder.segment(0xEE, Array("Adobe".utf8)),
            JPEGBuilder.segment(0xE2, Array("ICC_PROFILE\0".utf8)),
        ]
        #expect(try kinds(segments) == [.otherApplication, .otherApplication, .otherApplication])
    }

    @Test(
        "Lengths that cannot be are errors",
        arguments: [
            ([0xFF, 0xE0], ImageError.Code.truncatedInput), ([0xFF, 0xE0, 0], .truncatedInput),
            ([0xFF, 0xE0, 0, 0], .corruptInput), ([0xFF, 0xE0, 0, 1], .corruptInput),
            ([0xFF, 0xE0, 0, 4, 1], .truncatedInput),
        ])
    func lengths(bytes: [UInt8], code: ImageError.Code) {
        var reader = reader(bytes)
        #expect(#expect(throws: ImageError.self) { try reader.next() }?.code == code)
    }

    @Test("Endless garbage is refused before the end of the file")
    func garbage() {
        var reader = reader([UInt8](repeating: 1, count: 200_000) + JPEGBuilder.segment(0xFE, []))
        #expect(#expect(throws: ImageError.self) { try reader.next() }?.code == .corruptInput)
        #expect(reader.position < 70_000)
    }

    @Test(
        "Markers are named as in the standard",
        arguments: [
            (0xC0, "SOF0"), (0xCF, "SOF15"), (0xC4, "DHT"), (0xC8, "JPG"), (0xCC, "DAC"), (0xD3, "RST3"), (0xD8, "SOI"),
            (0xD9, "EOI"), (0xDA, "SOS"), (0xDB, "DQT"), (0xDC, "DNL"), (0xDD, "DRI"), (0xDE, "DHP"), (0xE7, "APP7"),
            (0xFE, "COM"), (0x01, "0xFF1"),
        ] as [(UInt8, String)])
    func names(marker: UInt8, name: String) {
        #expect(JPEGSegmentReader.name(of: marker) == name)
    }
}
