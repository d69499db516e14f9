// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Sizes and frames of the formats that are recognised and not decoded, from headers put together by their specifications.
@Suite struct RecognisedHeaderTests {
    private static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    private static func big(_ value: Int, _ width: Int) -> [UInt8] { little(value, width).reversed() }

    /// The header as builds have it whose traits leave the format's decoder out.
    private func recognised(_ bytes: [UInt8]) throws -> ImageHeader {
        let start = ByteView(Array(bytes.prefix(4096)))
        return try RecognisedFormatProbe.header(
            of: ImageSource(bytes: bytes), format: ImageFormat.recognise(start), start: start)
    }

    @Test("A TIFF has size and orientation in either byte order", arguments: [true, false], Orientation.allCases)
    func tiff(isLittleEndian: Bool, orientation: Orientation) throws {
        var builder = TIFFBuilder([
            .init(256, type: 4, value: 70_000), .init(257, value: 40), .init(258, value: 8),
            .init(274, value: orientation.rawValue),
        ])
        builder.isLittleEndian = isLittleEndian
        let header = try recognised(builder.bytes)
        #expect(header.format == .tiff && header.width == 70_000 && header.height == 40)
        #expect(header.orientation == orientation)
        #expect(header.uprightWidth == (orientation.swapsAxes ? 40 : 70_000))
    }

    @Test("A TIFF whose directory is far away, missing, or odd is read as far as it goes")
    func oddTIFF() throws {
        var far = TIFFBuilder([])
        far.directoryOffset = 5_000
        far.trailer =
            [UInt8](repeating: 0, count: 5_000 - far.bytes.count) + TIFFBuilder([.init(256, value: 9)]).directory
        #expect(try recognised(far.bytes).width == 9)
        var nowhere = TIFFBuilder([.init(256, value: 9)])
        nowhere.directoryOffset = 0x7FFF_FFFF
        #expect(try recognised(nowhere.bytes).width == 0)
        let odd = TIFFBuilder([.init(256, value: 9), .init(274, value: 77)])
        #expect(try recognised(odd.bytes).orientation == .upright)
    }

    private static func box(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        big(8 + payload.count, 4) + Array(type.utf8) + payload
    }
    private static func ispe(_ width: Int, _ height: Int) -> [UInt8] {
        box("ispe", [0, 0, 0, 0] + big(width, 4) + big(height, 4))
    }

    @Test(
        "Of the sizes in a HEIF or AVIF the largest is the image's",
        arguments: [("heic", ImageFormat.heif), ("avif", .avif), ("mif1", .heif)])
    func isoMedia(brand: String, format: ImageFormat) throws {
        let file =
            Self.box("ftyp", Array(brand.utf8) + [0, 0, 0, 0] + Array(brand.utf8))
            + Self.box("meta", [0, 0, 0, 0] + Self.ispe(512, 512) + Self.ispe(4032, 3024) + Self.ispe(320, 240))
        let header = try recognised(file)
        #expect(header.format == format && header.width == 4032 && header.height == 3024)
        #expect(header.frameCount == 1 && !header.isAnimated)
    }

    @Test("Sequences are animated", arguments: ["avis", "hevc", "hevx", "msf1"])
    func sequences(brand: String) throws {
        let header = try recognised(Self.box("ftyp", Array(brand.utf8) + [0, 0, 0, 0] + Array(brand.utf8)))
        #expect(header.isAnimated && header.frameCount == nil)
    }

    @Test("A size box cut off or of impossible sides does no harm")
    func hugeSizes() throws {
        let start = Self.box("ftyp", Array("heic".utf8) + [0, 0, 0, 0])
        #expect(try recognised(start + Array(Self.ispe(10, 10).dropLast(2))).width == 0)
        let large = try recognised(start + Self.ispe(0x7FFF_FFFF, 0x7FFF_FFFF))
        #expect(large.width == 0x7FFF_FFFF && large.pixelCount > 0)
        // A product that overflows is no size.
        #expect(try recognised(start + Self.ispe(0xFFFF_FFFF, 0xFFFF_FFFF)).width == 0)
    }

    /// A JPEG XL codestream's size header, bit by bit (ISO/IEC 18181-1 §B.2).
    private static func codestream(_ fields: [(value: Int, bits: Int)]) -> [UInt8] {
        var bits: [Int] = []
        for field in fields { bits += (0..<field.bits).map { field.value >> $0 & 1 } }
        while !bits.count.isMultiple(of: 8) { bits.append(0) }
        let bytes = stride(from: 0, to: bits.count, by: 8).map { start in
            UInt8((0..<8).reduce(0) { $0 | bits[start + $1] << $1 })
        }
        return [0xFF, 0x0A] + bytes
    }

    @Test(
        "A JPEG XL's sides are read at each of their lengths",
        arguments: [(9, 0, 1, 512), (13, 1, 513, 8_192), (18, 2, 8_193, 262_144), (30, 3, 262_145, 1 << 30)])
    func jpegXLSides(bits: Int, selector: Int, low: Int, high: Int) throws {
        for side in [low, high] {
            let other = 77
            let header = try recognised(
                Self.codestream([(0, 1), (selector, 2), (side - 1, bits), (0, 3), (0, 2), (other - 1, 9)]))
            #expect(header.format == .jpegXL && header.height == side && header.width == other)
        }
    }

    @Test(
        "A JPEG XL's width may be a ratio of its height",
        arguments: [(1, 240), (2, 288), (3, 320), (4, 360), (5, 426), (6, 300), (7, 480)])
    func jpegXLRatios(ratio: Int, width: Int) throws {
        let header = try recognised(Self.codestream([(0, 1), (0, 2), (239, 9), (ratio, 3)]))
        #expect(header.height == 240 && header.width == width)
        let small = try recognised(Self.codestream([(1, 1), (29, 5), (ratio, 3)]))
        #expect(small.height == 240 && small.width == width)
    }

    @Test("Small JPEG XLs have sides of eights", arguments: [0, 1, 30, 31])
    func jpegXLSmall(side: Int) throws {
        let header = try recognised(Self.codestream([(1, 1), (side, 5), (0, 3), (4, 5)]))
        #expect(header.height == 8 * (side + 1) && header.width == 40)
    }

    @Test("A JPEG XL in a container has its size in the first codestream box", arguments: ["jxlc", "jxlp"])
    func jpegXLContainer(type: String) throws {
        let signature = Self.box("JXL ", [0x0D, 0x0A, 0x87, 0x0A])
        let kind = Self.box("ftyp", Array("jxl \0\0\0\0jxl ".utf8))
        let stream = Self.codestream([(1, 1), (9, 5), (7, 3)])
        let payload = (type == "jxlp" ? [0, 0, 0, 0] : []) + stream
        let header = try recognised(signature + kind + Self.box(type, payload))
        #expect(header.format == .jpegXL && header.height == 80 && header.width == 160)
    }

    @Test("SVG and PDF have no size", arguments: ["<svg xmlns='http://www.w3.org/2000/svg' width='9'/>", "%PDF-1.4\n"])
    func vector(text: String) throws {
        let header = try probe(Array(text.utf8))
        #expect(header.width == 0 && header.height == 0 && !header.format.isDecodable)
    }
}
