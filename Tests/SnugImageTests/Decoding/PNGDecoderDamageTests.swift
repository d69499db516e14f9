// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import SnugImage

@Suite struct PNGDecoderDamageTests {
    private static let damaged = ["gray1", "gray16-trns", "rgb8", "rgba16-adam7", "palette4-trns", "graya8-adam7"]

    /// What became of a file: its error, or nothing.
    private func failure(_ bytes: [UInt8], recoversPartialImages: Bool = false) -> ImageError? {
        do throws(ImageError) {
            _ = try DecodedPNG(bytes, recoversPartialImages: recoversPartialImages)
            return nil
        } catch { return error }
    }

    @Test("A file cut anywhere before its last row fails as cut off or damaged", arguments: damaged)
    func truncation(name: String) throws {
        let bytes = try PNGTestFile.fixture("\(name).png")
        let allowed: Set<ImageError.Code> = [.truncatedInput, .corruptInput, .notAnImage, .emptyInput]
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            if let error = failure(cut) {
                #expect(allowed.contains(error.code), "\(count) bytes: \(error)")
            } else {
                // Only IEND and the end of the last IDAT may be missing.
                #expect(count > bytes.count - 30)
                #expect(try DecodedPNG(cut).rgba == PNGTestFile.fixture("\(name).rgba8"))
            }
        }
    }

    @Test("A cut file tells how many rows it has")
    func truncationDetails() throws {
        let bytes = try PNGTestFile.fixture("rgb8.png")
        let error = try #require(failure(Array(bytes.prefix(bytes.count * 2 / 3))))
        #expect(error.code == .truncatedInput)
        #expect(error.details["rows_total"] == .integer(11))
        guard case .integer(let present) = error.details["rows_present"] else {
            Issue.record("no rows_present")
            return
        }
        #expect((1..<11).contains(present))
    }

    @Test("Recovery delivers the rows that are there, fills the rest and reports it", arguments: ["rgb8", "rgba8"])
    func recovery(name: String) throws {
        let bytes = try PNGTestFile.fixture("\(name).png")
        let reference = try PNGTestFile.fixture("\(name).rgba8")
        let decoded = try DecodedPNG(Array(bytes.prefix(bytes.count * 2 / 3)), recoversPartialImages: true)
        let present = decoded.height - decoded.missingRowCount
        #expect((1..<11).contains(present))
        #expect(decoded.rgba.prefix(present * 52) == reference.prefix(present * 52))
        let filler: [UInt8] = name == "rgba8" ? [0, 0, 0, 0] : [128, 128, 128, 255]
        #expect(Array(decoded.rgba.suffix(4)) == filler)
        #expect(decoded.warnings.count == 1)
    }

    @Test("Recovery of an interlaced image delivers what its passes bring")
    func recoveryOfInterlaced() throws {
        let bytes = try PNGTestFile.fixture("rgb8-adam7.png")
        let decoded = try DecodedPNG(Array(bytes.prefix(bytes.count * 9 / 10)), recoversPartialImages: true)
        #expect(decoded.pixels.count == 13 * 11 * 3)
        #expect((1..<11).contains(decoded.missingRowCount))
        #expect(try decoded.rgba.prefix(52) == PNGTestFile.fixture("rgb8-adam7.rgba8").prefix(52))
    }

    @Test("Flipped bytes end in pixels or in an error, strict and with recovery", arguments: damaged)
    func flips(name: String) throws {
        let bytes = try PNGTestFile.fixture("\(name).png")
        var random = SeededBytes(seed: 7)
        for _ in 0..<400 {
            var broken = bytes
            for _ in 0...random.next(3) { broken[random.next(broken.count)] = UInt8(random.next(256)) }
            let limits = DecodingLimits(maximumPixelCount: 1 << 20)
            for recoversPartialImages in [false, true] {
                do throws(ImageError) {
                    let decoded = try DecodedPNG(
                        broken, recoversPartialImages: recoversPartialImages, limits: limits, memoryLimit: 64 << 20)
                    let samples = decoded.width * decoded.height * decoded.channels * decoded.bits / 8
                    #expect(decoded.pixels.count == samples)
                } catch { #expect(!error.message.isEmpty) }
            }
            do throws(ImageError) {
                _ = try PNGDecoder.verify(ImageSource(bytes: broken), limits: limits)
            } catch { #expect(!error.message.isEmpty) }
        }
    }

    @Test("Flipped bytes under right CRCs end in pixels or in an error", arguments: damaged)
    func flipsWithRightChecksums(name: String) throws {
        let file = try PNGTestFile(PNGTestFile.fixture("\(name).png"))
        var random = SeededBytes(seed: 11)
        for _ in 0..<400 {
            var broken = file
            let chunk = random.next(broken.chunks.count - 1)
            let byte = random.next(broken.chunks[chunk].data.count)
            broken.chunks[chunk].data[byte] = UInt8(random.next(256))
            do throws(ImageError) {
                let decoded = try DecodedPNG(
                    broken.bytes, limits: DecodingLimits(maximumPixelCount: 1 << 20), memoryLimit: 64 << 20)
                #expect(decoded.missingRowCount == 0)
            } catch { #expect(!error.message.isEmpty) }
        }
    }

    @Test("An error says how many rows there are and what to do, and a warning of a recovered image gives no advice")
    func words() throws {
        let file = try PNGTestFile.fixture("rgb8.png")
        let cut = Array(file.prefix(file.count / 2))
        let message = try #require(failure(cut)?.message)
        #expect(message.contains(" rows are there); get it again, or turn on recovery"))
        let warnings = try DecodedPNG(cut, recoversPartialImages: true).warnings
        #expect(warnings.count == 1 && warnings[0].hasSuffix(" rows are there)") && !warnings[0].contains("recovery"))
    }

    @Test("A wrong CRC of image data fails, in the last chunk too", arguments: [0, 1])
    func criticalCRC(chunk: Int) throws {
        let file = try PNGTestFile(PNGTestFile.fixture("rgb8.png"))
        let ends = file.chunks.indices.filter { file.chunks[$0].name == "IDAT" }
        var bytes = PNGTestFile()
        bytes.chunks = Array(file.chunks[...ends[chunk]])
        let crcEnd = bytes.bytes.count
        var broken = file.bytes
        broken[crcEnd - 1] ^= 1
        #expect(failure(broken)?.code == .corruptInput)
        #expect(throws: ImageError.self) { try PNGDecoder.verify(ImageSource(bytes: broken)) }
        let recovered = try DecodedPNG(broken, recoversPartialImages: true)
        #expect(try recovered.rgba == PNGTestFile.fixture("rgb8.rgba8"))
        #expect(!recovered.warnings.isEmpty)
    }

    @Test("A wrong CRC of tRNS drops the transparency, one of text means nothing")
    func ancillaryCRC() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgb8-trns.png"))
        file.chunks.insert(("tEXt", Array("Comment\0hello".utf8)), at: 1)
        let intact = file.bytes
        var broken = intact
        let textEnd = 8 + 25 + 12 + 13
        broken[textEnd - 1] ^= 1
        #expect(try DecodedPNG(broken).rgba == PNGTestFile.fixture("rgb8-trns.rgba8"))
        #expect(try PNGDecoder.verify(ImageSource(bytes: broken)).warnings == ["a tEXt chunk has a wrong CRC"])
        broken = intact
        broken[textEnd + 12 + 6 - 1] ^= 1
        let decoded = try DecodedPNG(broken)
        #expect(decoded.channels == 3)
        #expect(!decoded.warnings.isEmpty)
    }

    @Test("A missing IEND is a warning when all rows are there")
    func missingEnd() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgb8.png"))
        file.chunks.removeLast()
        let decoded = try DecodedPNG(file.bytes)
        #expect(try decoded.rgba == PNGTestFile.fixture("rgb8.rgba8"))
        #expect(decoded.warnings == ["the file ends without an IEND chunk"])
        #expect(try PNGDecoder.verify(ImageSource(bytes: file.bytes)).hasEnd == false)
    }

    @Test("Compressed data that end early are damage, not an image")
    func shortStream() throws {
        var file = try PNGTestFile.flat(width: 8, height: 8)
        file.chunks[0].data = PNGTestFile.header(width: 8, height: 9, depth: 8, colour: 0)
        let error = failure(file.bytes)
        #expect(error?.code == .corruptInput)
        #expect(error?.details["rows_present"] == .integer(8))
        let found = #expect(throws: ImageError.self) { try PNGDecoder.verify(ImageSource(bytes: file.bytes)) }
        #expect(found?.code == .corruptInput)
        #expect(found?.details == error?.details)
    }
}

/// A small generator of its own, so that these files stay the same whatever the standard library does.
struct SeededBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(bound, 1)
    }
}
