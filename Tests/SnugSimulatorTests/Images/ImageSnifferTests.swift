// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// What an upload is taken for.
@Suite struct ImageSnifferTests {
    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static let signatureTable: [([UInt8], String?)] = [
        (pngSignature, "png"), (Array(pngSignature.dropLast()), nil), (Array(pngSignature.dropLast()) + [0x0B], nil),
        ([0xFF, 0xD8, 0xFF], "jpeg"),
        ([0xFF, 0xD8, 0xFF, 0xE1, 0, 0], "jpeg"), ([0xFF, 0xD8], nil), ([0xFF, 0xD8, 0xFE], nil),
        (Array("RIFF\u{1}\u{2}\u{3}\u{4}WEBP".utf8), "webp"), (Array("RIFF\u{1}\u{2}\u{3}\u{4}WAVE".utf8), nil),
        (Array("RIFFWEBP".utf8), nil), (Array("WEBP".utf8), nil), (Array("GIF87a".utf8), "gif"),
        (Array("GIF89a".utf8), "gif"), (Array("GIF".utf8), nil), (Array("BM".utf8), "bmp"), (Array("B".utf8), nil),
        ([], nil), (Array("<!DOCTYPE html>".utf8), nil), (Array("II*\0".utf8), nil),
        (Array("\0\0\0\u{18}ftypheic".utf8), nil),
        (Array("%PDF-1.7".utf8), nil),
    ]

    @Test("A file is what its first bytes say", arguments: signatureTable)
    func signatures(bytes: [UInt8], format: String?) {
        #expect(ImageSniffer(bytes: bytes).format == format)
    }

    /// A PNG's header with these sides.
    private func png(width: [UInt8], height: [UInt8], rest: [UInt8] = [8, 6, 0, 0, 0]) -> [UInt8] {
        Self.pngSignature + [0, 0, 0, 13] + Array("IHDR".utf8) + width + height + rest
    }

    @Test("A PNG's sides are four bytes each, highest first")
    func pngSides() throws {
        let size = try #require(ImageSniffer(bytes: png(width: [0, 1, 2, 3], height: [0, 0, 1, 0])).size)
        #expect(size == (66_051, 256))
        #expect(ImageSniffer(bytes: Array(png(width: [0, 0, 0, 1], height: [0, 0, 0, 1]).prefix(23))).size == nil)
    }

    static let alphas: [(UInt8, Bool)] = [(0, false), (2, false), (3, false), (4, true), (6, true)]

    @Test("Alpha is bit 2 of the colour type, or a tRNS chunk", arguments: alphas)
    func alpha(colourType: UInt8, hasAlpha: Bool) {
        let header = png(width: [0, 0, 0, 1], height: [0, 0, 0, 1], rest: [8, colourType, 0, 0, 0])
        #expect(ImageSniffer(bytes: header).hasAlpha == hasAlpha)
        #expect(ImageSniffer(bytes: header + Array("tRNS".utf8)).hasAlpha)
        #expect(!ImageSniffer(bytes: Array(header.prefix(25))).hasAlpha)
    }

    @Test("Only a PNG has alpha here")
    func alphaElsewhere() {
        for format in [FlatImage.Format.jpeg, .webp] {
            #expect(!ImageSniffer(bytes: FlatImage(width: 4, height: 4, seed: 1).bytes(format)).hasAlpha)
        }
    }

    /// A JPEG of this start-of-frame marker, with other segments before it.
    private func jpeg(frame marker: UInt8, before segments: [[UInt8]] = []) -> [UInt8] {
        [0xFF, 0xD8] + segments.flatMap { $0 } + [0xFF, marker, 0, 11, 8, 0x01, 0x02, 0x03, 0x04, 1, 1, 0x11, 0]
    }

    static let frameTable: [(UInt8, Bool)] = [
        (0xC0, true), (0xC1, true), (0xC2, true), (0xC3, true), (0xC5, true), (0xCF, true), (0xC4, false),
        (0xC8, false),
        (0xCC, false), (0xDB, false), (0xE0, false),
    ]

    @Test("A JPEG's sides stand in any start of frame, and in nothing that looks like one", arguments: frameTable)
    func frames(marker: UInt8, isFrame: Bool) {
        let size = ImageSniffer(bytes: jpeg(frame: marker)).size
        #expect((size != nil) == isFrame)
        if let size { #expect(size == (0x0304, 0x0102)) }
    }

    @Test("Segments before the frame are passed over by their length, whatever they hold")
    func segments() throws {
        let comment: [UInt8] = [0xFF, 0xFE, 0, 8, 0xFF, 0xC0, 0xFF, 0xC0, 1, 2]
        let bytes = jpeg(frame: 0xC2, before: [comment, [0xFF, 0xE1, 0, 2], comment])
        #expect(try #require(ImageSniffer(bytes: bytes).size) == (0x0304, 0x0102))
    }

    @Test("A file that ends too soon has no size, and none is read beyond it", arguments: 0..<40)
    func truncated(count: Int) {
        let comment: [UInt8] = [0xFF, 0xFE, 0, 20] + [UInt8](repeating: 7, count: 18)
        let whole = jpeg(frame: 0xC0, before: [comment])
        let size = ImageSniffer(bytes: Array(whole.prefix(count))).size
        #expect(size == nil || count > 31)
    }

    @Test("Damaged files of all kinds are read without a crash", arguments: UInt64(0)..<30)
    func damaged(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for format in [FlatImage.Format.png, .jpeg, .webp] {
            var bytes = FlatImage(width: 40, height: 30, seed: 1).bytes(format)
            for _ in 0..<8 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let sniffer = ImageSniffer(bytes: Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))))
            #expect(sniffer.size == nil || sniffer.format != nil)
            #expect(!sniffer.hasAlpha || sniffer.format == "png")
        }
    }

    @Test(
        "Encoders of others are understood: libjpeg's files show their sides",
        arguments: [(1, 1), (8, 8), (17, 5), (300, 2)])
    func libjpeg(width: Int, height: Int) throws {
        let plane = JPEGReference.Plane(
            width: width, height: height, samples: [UInt8](repeating: 99, count: width * height))
        let bytes = JPEGReference.encode([plane], quality: 80)
        #expect(try #require(ImageSniffer(bytes: bytes).size) == (width, height))
    }
}
