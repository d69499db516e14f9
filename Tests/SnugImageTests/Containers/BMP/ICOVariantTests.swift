// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Icons put together at random: directories, bitmaps with masks, and which of several images counts.
@Suite struct ICOVariantTests {
    struct Image {
        var width: Int
        var height: Int
        var bits: Int
        var data: [UInt8]
    }

    private static func icon(_ images: [Image], kind: UInt8 = 1) -> [UInt8] {
        var place = 6 + 16 * images.count
        var directory: [UInt8] = []
        for image in images {
            directory += [UInt8(image.width & 255), UInt8(image.height & 255), 0, 0, 1, 0, UInt8(image.bits), 0]
            directory += BMPBuilder.little(image.data.count, 4) + BMPBuilder.little(place, 4)
            place += image.data.count
        }
        return [0, 0, kind, 0, UInt8(images.count), 0] + directory + images.flatMap(\.data)
    }

    private static func maskBytes(_ mask: [Bool], width: Int, height: Int) -> [UInt8] {
        // A bit for each pixel, rows padded to four bytes, the lowest row first.
        (0..<height).reversed().flatMap { y -> [UInt8] in
            var row = [UInt8](repeating: 0, count: (width + 31) / 32 * 4)
            for x in 0..<width where mask[y * width + x] { row[x / 8] |= 0x80 >> UInt8(x % 8) }
            return row
        }
    }

    @Test("A bitmap has its colours where its mask has no bit", arguments: [1, 4, 8, 24], UInt64(0)..<8)
    func masked(bits: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (width, height) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...20, using: &random))
        var bitmap = BMPBuilder(width: width, height: height, bits: bits)
        if bits <= 8 {
            bitmap.palette = (0..<1 << bits).map { _ in (0..<3).map { _ in .random(in: 0...255, using: &random) } }
        }
        bitmap.pixels = (0..<width * height).map { _ in .random(in: 0..<1 << bits, using: &random) }
        let mask = (0..<width * height).map { _ in Bool.random(using: &random) }
        let data = bitmap.icon(mask: Self.maskBytes(mask, width: width, height: height))
        let file = Self.icon([Image(width: width, height: height, bits: bits, data: data)])
        let (samples, channels, _) = try FixtureFolder.decoded(file)
        let expected = bitmap.pixels.enumerated().flatMap { place, pixel -> [UInt8] in
            let colour = bits <= 8 ? bitmap.palette[pixel] : [16, 8, 0].map { UInt8(pixel >> $0 & 255) }
            return colour + [mask[place] ? 0 : 255]
        }
        #expect(channels == 4 && samples == expected)
    }

    @Test("Alpha of 32 bits counts where a pixel has any; where none has, the mask does", arguments: UInt64(0)..<8)
    func alpha(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (width, height) = (Int.random(in: 1...33, using: &random), Int.random(in: 1...9, using: &random))
        let hasAlpha = seed.isMultiple(of: 2)
        var bitmap = BMPBuilder(width: width, height: height, bits: 32)
        bitmap.pixels = (0..<width * height).map { _ in
            .random(in: 0..<1 << 24, using: &random) | (hasAlpha ? .random(in: 0...255, using: &random) << 24 : 0)
        }
        if hasAlpha { bitmap.pixels[0] |= 0xFF00_0000 }
        let mask = (0..<width * height).map { _ in Bool.random(using: &random) }
        let data = bitmap.icon(mask: Self.maskBytes(mask, width: width, height: height))
        let (samples, _, _) = try FixtureFolder.decoded(
            Self.icon([Image(width: width, height: height, bits: 32, data: data)]))
        let expected = bitmap.pixels.enumerated().flatMap { place, pixel in
            [16, 8, 0].map { UInt8(pixel >> $0 & 255) } + [hasAlpha ? UInt8(pixel >> 24) : mask[place] ? 0 : 255]
        }
        #expect(samples == expected)
    }

    @Test("A file without the mask is opaque, and one that ends inside of its pixels is not whole")
    func cut() throws {
        var bitmap = BMPBuilder(width: 4, height: 2, bits: 24)
        bitmap.pixels = (1...8).map { $0 * 0x010203 }
        let whole = Self.icon([Image(width: 4, height: 2, bits: 24, data: bitmap.icon(mask: []))])
        let (samples, _, report) = try FixtureFolder.decoded(whole)
        #expect(stride(from: 3, to: samples.count, by: 4).allSatisfy { samples[$0] == 255 } && !report.isDamaged)
        let error = #expect(throws: ImageError.self) { try FixtureFolder.decoded(Array(whole.dropLast(5))) }
        #expect(error?.code == .truncatedInput)
        let saved = try FixtureFolder.decoded(
            Array(whole.dropLast(5)), policy: FitPolicy(recoversPartialImages: true))
        #expect(saved.report.isDamaged && saved.report.goodRows == 1)
    }

    @Test("Of several images the one with the most pixels counts, then the one with the most bits")
    func choice() throws {
        func image(_ width: Int, _ height: Int, bits: Int, value: Int) -> Image {
            var bitmap = BMPBuilder(width: width, height: height, bits: 24)
            bitmap.pixels = [Int](repeating: value, count: width * height)
            return Image(width: width, height: height, bits: bits, data: bitmap.icon(mask: []))
        }
        let images = [
            image(4, 4, bits: 32, value: 1), image(8, 3, bits: 8, value: 2), image(6, 4, bits: 24, value: 3),
            image(3, 8, bits: 24, value: 4), image(5, 4, bits: 32, value: 5),
        ]
        // Of 24 pixels each: the first of the two with 24 bits.
        let (samples, _, _) = try FixtureFolder.decoded(Self.icon(images))
        #expect(samples.count == 24 * 4 && samples[2] == 3)
        #expect(try probe(Self.icon(images)).warnings.contains { $0.contains("5 images") })
    }

    @Test("A PNG inside is read with its own depth, and one over the metadata limit is refused")
    func png() throws {
        var png = PNGBuilder(width: 5, height: 3, colourType: 6)
        png.fill = 77
        let file = Self.icon([Image(width: 5, height: 3, bits: 32, data: png.bytes)])
        let (samples, channels, _) = try FixtureFolder.decoded(file)
        #expect(channels == 4 && samples == [UInt8](repeating: 77, count: 60))
        let limits = DecodingLimits(maximumMetadataBytes: png.bytes.count - 1)
        let error = #expect(throws: ImageError.self) { try probe(file, limits: limits) }
        #expect(error?.code == .limitExceeded && error?.settings == [.inputMetadata])
    }

    @Test("Directories that say nothing, or places that are not there, are faults of the file")
    func faults() throws {
        var bitmap = BMPBuilder(width: 1, height: 1, bits: 24)
        bitmap.pixels = [1]
        let sound = Self.icon([Image(width: 1, height: 1, bits: 24, data: bitmap.icon(mask: []))])
        func code(_ change: (inout [UInt8]) -> Void) -> ImageError.Code? {
            var bytes = sound
            change(&bytes)
            do throws(ImageError) {
                _ = try ICODirectory(ImageSource(bytes: bytes))
                return nil
            } catch { return error.code }
        }
        #expect(code { _ in } == nil)
        #expect(code { $0[4] = 0 } == .truncatedInput)
        #expect(code { $0[4] = 200 } == .truncatedInput)
        #expect(code { $0.replaceSubrange(18..<22, with: [255, 255, 255, 255]) } == .truncatedInput)
        #expect(code { $0.removeLast($0.count - 3) } == .truncatedInput)
    }
}
