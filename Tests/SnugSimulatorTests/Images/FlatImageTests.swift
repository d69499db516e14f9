// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage
@testable import SnugSimulator

/// The drawn images, read by decoders that have no part in drawing them.
@Suite struct FlatImageTests {
    static let sides = [(1, 1), (1, 9), (9, 1), (8, 8), (7, 13), (16, 16), (17, 33), (300, 2), (100, 100), (640, 480)]

    /// The samples of the image, by libpng or libwebp.
    private func decoded(_ bytes: [UInt8]) throws -> (width: Int, height: Int, samples: [UInt8], isDamaged: Bool) {
        let source = ImageSource(bytes: bytes)
        let reader = ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: FitPolicy(), memory: 1 << 30,
            cache: ColourConversionCache(), cancellation: CancellationFlag())
        let supply = try PixelSupply.holding(reader, demand: PixelDemand(isPlanar: false))
        let plane = try #require(supply.heldRaster?.planes.first)
        let samples = (0..<plane.height).flatMap { y in plane.row(y).indices.map { plane.row(y)[$0] } }
        return (plane.width, plane.height, samples, supply.report.isDamaged)
    }

    /// The colour that a seed stands for.
    private func colour(_ seed: Int) -> [UInt8] {
        [seed * 37 + 90, seed * 59 + 120, seed * 83 + 60].map { UInt8($0 & 0xFF) }
    }

    @Test("PNG and WebP decode to one colour at any size", arguments: sides, [FlatImage.Format.png, .webp])
    func lossless(sides: (Int, Int), format: FlatImage.Format) throws {
        let image = try decoded(FlatImage(width: sides.0, height: sides.1, seed: 3).bytes(format))
        #expect(!image.isDamaged && image.height == sides.1 && image.samples.count % (sides.0 * sides.1) == 0)
        let channels = image.samples.count / (sides.0 * sides.1)
        let first = Array(image.samples.prefix(3))
        #expect(first == colour(3) && channels >= 3)
        #expect(image.samples.indices.allSatisfy { $0 % channels == 3 || image.samples[$0] == first[$0 % channels] })
    }

    @Test("JPEG decodes to the grey of the seed's green at any size, by libjpeg", arguments: sides)
    func jpeg(width: Int, height: Int) throws {
        let bytes = FlatImage(width: width, height: height, seed: 3).bytes(.jpeg)
        let plane = try #require(JPEGReference.plane(0, of: bytes))
        #expect(plane.width == width && plane.height == height)
        #expect(plane.samples.allSatisfy { $0 == colour(3)[1] })
    }

    @Test("Every level of grey comes out exactly", arguments: 0..<16)
    func greys(sixteenth: Int) throws {
        for seed in sixteenth * 16..<sixteenth * 16 + 16 {
            let bytes = FlatImage(width: 16, height: 8, seed: seed).bytes(.jpeg)
            let plane = try #require(JPEGReference.plane(0, of: bytes))
            #expect(Set(plane.samples) == [colour(seed)[1]])
        }
    }

    @Test("Seeds that differ by less than 256 differ in every format")
    func distinct() {
        for format in [FlatImage.Format.png, .jpeg, .webp] {
            let files = Set((0..<256).map { FlatImage(width: 8, height: 8, seed: $0).bytes(format) })
            #expect(files.count == 256)
        }
    }

    @Test("Any seed draws, negative and huge ones too", arguments: [Int.min, -1, 0, 2_147_483_647, Int.max])
    func seeds(seed: Int) throws {
        for format in [FlatImage.Format.png, .webp] {
            #expect(try !decoded(FlatImage(width: 4, height: 4, seed: seed).bytes(format)).isDamaged)
        }
        #expect(JPEGReference.plane(0, of: FlatImage(width: 4, height: 4, seed: seed).bytes(.jpeg)) != nil)
    }

    @Test("Ballast makes a file longer and changes no pixel", arguments: [1, 100, 65_000, 65_001, 200_000])
    func padding(count: Int) throws {
        for format in [FlatImage.Format.png, .webp, .jpeg] {
            let plain = FlatImage(width: 9, height: 9, seed: 5).bytes(format)
            let padded = FlatImage(width: 9, height: 9, seed: 5, padding: count).bytes(format)
            #expect((count...count + 40).contains(padded.count - plain.count))
            if format == .jpeg {
                #expect(JPEGReference.plane(0, of: padded) == JPEGReference.plane(0, of: plain))
            } else {
                #expect(try decoded(padded).samples == decoded(plain).samples)
            }
        }
    }

    @Test("A PNG's chunks have lengths that lead to the end, and checksums that hold", arguments: [0, 70_000])
    func chunks(padding: Int) throws {
        let bytes = FlatImage(width: 40, height: 30, seed: 1, padding: padding).bytes(.png)
        func number(_ position: Int) -> Int { bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) } }
        var (position, names) = (8, [String]())
        while position < bytes.count {
            let length = number(position)
            names.append(String(decoding: bytes[position + 4..<position + 8], as: UTF8.self))
            // The CRC of PNG 3rd ed. annex D, a bit at a time.
            var crc: UInt32 = 0xFFFF_FFFF
            for byte in bytes[position + 4..<position + 8 + length] {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
            }
            #expect(number(position + 8 + length) == Int(~crc))
            position += 12 + length
        }
        #expect(position == bytes.count)
        #expect(names == (padding > 0 ? ["IHDR", "snUg", "PLTE", "IDAT", "IEND"] : ["IHDR", "PLTE", "IDAT", "IEND"]))
    }

    @Test("A WebP's RIFF lengths are even and lead to the end", arguments: [0, 1, 2, 70_001])
    func riff(padding: Int) {
        let bytes = FlatImage(width: 40, height: 30, seed: 1, padding: padding).bytes(.webp)
        func number(_ position: Int) -> Int {
            bytes[position..<position + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(number(4) == bytes.count - 8 && bytes.count % 2 == 0)
        var (position, names) = (12, [String]())
        while position < bytes.count {
            names.append(String(decoding: bytes[position..<position + 4], as: UTF8.self))
            let length = number(position + 4)
            position += 8 + length + length % 2
        }
        #expect(position == bytes.count && names == (padding > 0 ? ["VP8L", "snUg"] : ["VP8L"]))
    }

    @Test("The widest and highest image that results can have is drawn in every format")
    func extremes() throws {
        for (width, height) in [(16_383, 1), (1, 16_383)] {
            let image = FlatImage(width: width, height: height, seed: 2)
            for format in [FlatImage.Format.png, .webp] {
                #expect(try decoded(image.bytes(format)).samples.prefix(3) == colour(2)[...])
            }
            let plane = try #require(JPEGReference.plane(0, of: image.bytes(.jpeg)))
            #expect(plane.width == width && plane.height == height)
        }
    }

    @Test("A large image is a small file", arguments: [FlatImage.Format.png, .webp, .jpeg])
    func small(format: FlatImage.Format) {
        #expect(FlatImage(width: 3840, height: 2160, seed: 1).bytes(format).count < 60_000)
    }
}
