// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// The properties of HEIF and AVIF images, in files put together by ISO/IEC 14496-12 and 23008-12.
@Suite struct ISOImageTests {
    private static func big(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
    }
    private static func box(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        big(8 + payload.count, 4) + Array(type.utf8) + payload
    }
    private static func full(_ type: String, _ payload: [UInt8], version: UInt8 = 0) -> [UInt8] {
        box(type, [version, 0, 0, 0] + payload)
    }
    private static func ispe(_ width: Int, _ height: Int) -> [UInt8] {
        full("ispe", big(width, 4) + big(height, 4))
    }

    /// A file whose first item is the image, with these properties.
    /// - Parameters:
    ///   - others: Types of further items, and their properties.
    ///   - references: Type, from, to; items count from 1.
    private static func file(
        _ properties: [[UInt8]], others: [(type: String, properties: [[UInt8]])] = [],
        references: [(type: String, from: Int, to: [Int])] = [], extent: (offset: Int, length: Int) = (0, 8)
    ) -> [UInt8] {
        let items = [(type: "hvc1", properties: properties)] + others
        var information = big(items.count, 2)
        var associations = big(items.count, 4)
        var container: [UInt8] = []
        var index = 0
        for (number, item) in items.enumerated() {
            information += full("infe", big(number + 1, 2) + [0, 0] + Array(item.type.utf8) + [0], version: 2)
            associations += big(number + 1, 2) + [UInt8(item.properties.count)]
            for property in item.properties {
                container += property
                index += 1
                associations.append(UInt8(index) | 0x80)
            }
        }
        let links = references.flatMap { reference in
            box(
                reference.type,
                big(reference.from, 2) + big(reference.to.count, 2) + reference.to.flatMap { big($0, 2) })
        }
        let locations =
            [0x44, 0x00] + big(1, 2) + big(1, 2) + [0, 0] + big(1, 2) + big(extent.offset, 4)
            + big(extent.length, 4)
        let meta =
            full("pitm", big(1, 2)) + full("iinf", information) + full("iloc", locations) + full("iref", links)
            + box("iprp", box("ipco", container) + full("ipma", associations))
        return box("ftyp", Array("heic".utf8) + [0, 0, 0, 0]) + full("meta", meta) + box("mdat", [1, 2, 3, 4])
    }

    private static func rotation(_ quarters: UInt8) -> [UInt8] { box("irot", [quarters]) }
    private static func mirror(_ axis: UInt8) -> [UInt8] { box("imir", [axis]) }

    /// EXIF's orientation for each order of turns, worked out with a corner of paper: irot turns counter-clockwise, imir 0
    /// exchanges top and bottom, 1 left and right.
    static let turns: [([[UInt8]], Orientation)] = [
        ([], .upright), ([rotation(1)], .rotated270), ([rotation(2)], .rotated180), ([rotation(3)], .rotated90),
        ([mirror(0)], .flipped), ([mirror(1)], .mirrored), ([rotation(1), mirror(0)], .transposed),
        ([rotation(1), mirror(1)], .transversed), ([mirror(1), rotation(1)], .transposed),
        ([rotation(2), mirror(0)], .mirrored), ([rotation(3), mirror(0)], .transversed),
        ([rotation(3), mirror(1)], .transposed), ([mirror(0), mirror(1)], .rotated180),
    ]

    @Test("Turns and mirrors become one orientation, in the order in which they are listed", arguments: turns)
    func orientation(properties: [[UInt8]], orientation: Orientation) throws {
        let header = try probe(Self.file([Self.ispe(40, 30)] + properties))
        #expect(header.orientation == orientation && header.width == 40 && header.height == 30)
    }

    @Test("The size is that of the primary image, not of tiles, thumbnails, depth or gain maps")
    func primary() throws {
        let gain = Self.full("auxC", Array("urn:com:apple:photo:2020:aux:hdrgainmap\0".utf8))
        let depth = Self.full("auxC", Array("urn:mpeg:hevc:2015:auxid:2\0".utf8))
        let file = Self.file(
            [Self.ispe(4032, 3024)],
            others: [
                ("hvc1", [Self.ispe(5120, 5120)]), ("hvc1", [Self.ispe(8064, 6048), gain]),
                ("hvc1", [Self.ispe(100, 100), depth]),
            ], references: [("thmb", 2, [1]), ("auxl", 3, [1]), ("auxl", 4, [1])])
        let header = try probe(file)
        #expect(header.width == 4032 && header.height == 3024 && !header.hasAlpha && header.frameCount == 1)
    }

    @Test(
        "Transparency is an auxiliary image of that name",
        arguments: ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1"])
    func alpha(name: String) throws {
        let file = Self.file(
            [Self.ispe(8, 8)],
            others: [("hvc1", [Self.ispe(8, 8), Self.full("auxC", Array(name.utf8) + [0])])],
            references: [("auxl", 2, [1])])
        #expect(try probe(file).hasAlpha)
    }

    @Test("Depth is that of the tiles where the grid does not say it")
    func depthOfTiles() throws {
        var configuration = [UInt8](repeating: 0, count: 23)
        configuration[16] = 1
        configuration[17] = 2
        let file = Self.file(
            [Self.ispe(1000, 700)],
            others: [("hvc1", [Self.ispe(512, 512), Self.box("hvcC", configuration)])],
            references: [("dimg", 1, [2])])
        let header = try probe(file)
        #expect(header.bitsPerSample == 10 && header.width == 1000)
    }

    @Test("Tiles that are not listed in the order of their numbers are noticed", arguments: [[2, 3], [3, 2]])
    func tiles(order: [Int]) throws {
        let tile = (type: "hvc1", properties: [Self.ispe(512, 512)])
        let file = Self.file([Self.ispe(1000, 500)], others: [tile, tile], references: [("dimg", 1, order)])
        let image = try ISOImage(ImageSource(bytes: file), limits: DecodingLimits())
        #expect(image.hasUnorderedTiles == (order == [3, 2]))
    }

    @Test("Colours are named by profile before code points, but for high dynamic range")
    func colour() throws {
        func nclx(_ primaries: Int, _ transfer: Int) -> [UInt8] {
            Self.box("colr", Array("nclx".utf8) + Self.big(primaries, 2) + Self.big(transfer, 2) + [0, 1, 0x80])
        }
        let profile = Self.box("colr", Array("prof".utf8) + [UInt8](repeating: 7, count: 200))
        func space(_ properties: [[UInt8]]) throws -> ColourSpaceDeclaration {
            try probe(Self.file([Self.ispe(8, 8)] + properties)).colourSpace
        }
        #expect(try space([]) == .undeclared)
        #expect(try space([nclx(2, 2)]) == .undeclared)
        #expect(try space([nclx(1, 13)]) == .sRGB)
        #expect(try space([nclx(12, 13)]) == .codePoints(CodingIndependentColour(primaries: 12, transfer: 13)))
        #expect(try space([nclx(1, 13), profile]) == .icc(byteCount: 200))
        #expect(
            try space([profile, nclx(9, 16)]) == .codePoints(CodingIndependentColour(primaries: 9, transfer: 16)))
    }

    @Test("A clean aperture is the size; one beyond the image is none")
    func aperture() throws {
        func clap(_ values: [Int]) -> [UInt8] { Self.box("clap", values.flatMap { Self.big($0, 4) }) }
        let cut = try probe(Self.file([Self.ispe(64, 48), clap([24, 1, 16, 1, -40, 2, -32, 2])]))
        #expect(cut.width == 24 && cut.height == 16)
        let beyond = try probe(Self.file([Self.ispe(64, 48), clap([24, 1, 16, 1, 400, 2, 0, 1])]))
        #expect(beyond.width == 64 && beyond.height == 48)
        let zero = try probe(Self.file([Self.ispe(64, 48), clap([24, 0, 16, 1, 0, 1, 0, 1])]))
        #expect(zero.width == 64)
    }

    @Test("A cut after a turn is refused by name")
    func obstacle() throws {
        let clap = Self.box("clap", [8, 1, 8, 1, 0, 1, 0, 1].flatMap { Self.big($0, 4) })
        let source = ImageSource(bytes: Self.file([Self.ispe(16, 16), Self.rotation(1), clap]))
        #expect(try ISOImage(source, limits: DecodingLimits()).obstacle != nil)
    }

    @Test("What an item takes says where the file ends")
    func end() throws {
        let file = Self.file([Self.ispe(16, 16)], extent: (offset: 1000, length: 500))
        #expect(try ISOImage(ImageSource(bytes: file), limits: DecodingLimits()).dataEnd == 1500)
    }

    @Test("Without a still image, without a size, or cut off, a file is refused by its fault")
    func faults() throws {
        let start = Self.box("ftyp", Array("heic".utf8) + [0, 0, 0, 0])
        let rows: [([UInt8], ImageError.Code)] = [
            (start, .truncatedInput), (start + Self.full("meta", []), .unsupportedFeature),
            (Self.file([]), .corruptInput), (Array(Self.file([Self.ispe(8, 8)]).prefix(60)), .truncatedInput),
            (start + [0, 0, 0, 3] + Array("junk".utf8) + [0, 0, 0, 0, 0, 0, 0, 0], .corruptInput),
            (Self.file([Self.ispe(70_000, 8)]), .limitExceeded),
        ]
        for (bytes, code) in rows {
            let error = #expect(throws: ImageError.self) { try probe(bytes) }
            #expect(error?.code == code)
        }
    }

    @Test("No byte of the description, whatever it becomes, does any harm")
    func hostile() throws {
        let file = Self.file(
            [Self.ispe(64, 48), Self.rotation(1)], others: [("Exif", [])], references: [("cdsc", 2, [1])])
        for index in file.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var bytes = file
                bytes[index] = value
                _ = try? probe(bytes)
            }
        }
    }
}
