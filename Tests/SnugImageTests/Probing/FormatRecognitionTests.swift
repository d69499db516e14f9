// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct FormatRecognitionTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        var format: ImageFormat
        var bytes: [UInt8]
        var width = 0
        var height = 0
        var isAnimated = false
        /// False for a beginning that lacks its image: format by content, and an error.
        var isWhole = true
        var testDescription: String { "\(format) \(width) × \(height)" }
    }

    /// A header, and frames without data.
    private static func gif(frames: Int) -> [UInt8] {
        let frame: [UInt8] = [0x2C, 0, 0, 0, 0, 5, 0, 4, 0, 0, 2, 0]
        return Array("GIF89a".utf8) + [5, 0, 4, 0, 0, 0, 0] + (0..<frames).flatMap { _ in frame } + [0x3B]
    }

    static let samples = [
        Sample(format: .jpeg, bytes: JPEGBuilder(width: 20, height: 10).bytes, width: 20, height: 10),
        Sample(format: .png, bytes: PNGBuilder(width: 20, height: 10).bytes, width: 20, height: 10),
        Sample(format: .gif, bytes: gif(frames: 1), width: 5, height: 4),
        Sample(format: .gif, bytes: gif(frames: 2), width: 5, height: 4, isAnimated: true),
        Sample(
            format: .webp, bytes: Array("RIFF\u{11}\0\0\0WEBPVP8L".utf8) + [5, 0, 0, 0, 0x2F, 9, 0xC0, 4, 0], width: 10,
            height: 20),
        Sample(
            format: .tiff, bytes: TIFFBuilder([.init(256, value: 7), .init(257, type: 4, value: 6)]).bytes, width: 7,
            height: 6),
        Sample(
            format: .bmp,
            bytes: Array("BM".utf8) + [UInt8](repeating: 0, count: 12) + [
                40, 0, 0, 0, 3, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 1, 0, 24, 0,
            ] + [UInt8](repeating: 0, count: 24),
            width: 3, height: 2),
        Sample(format: .avif, bytes: [0, 0, 0, 20] + Array("ftypmif1\0\0\0\0avif".utf8), isWhole: false),
        Sample(
            format: .heif,
            bytes: [0, 0, 0, 16] + Array("ftypheic\0\0\0\0".utf8) + [0, 0, 0, 20] + Array("ispe".utf8)
                + [0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 9], isWhole: false),
        Sample(format: .jpegXL, bytes: [0xFF, 0x0A, 0b0100_0011, 0, 0], width: 16, height: 16),
        Sample(
            format: .jpegXL,
            bytes: [0, 0, 0, 12] + Array("JXL ".utf8) + [0x0D, 0x0A, 0x87, 0x0A, 0, 0, 0, 0] + Array("jxlc".utf8),
            isWhole: false),
        Sample(format: .svg, bytes: Array("\u{FEFF}<?xml version='1.0'?>\n<!-- a --><svg/>".utf8)),
        Sample(format: .pdf, bytes: Array("%PDF-1.7".utf8)),
    ]

    @Test("Each format is recognised by its content, with its size where the first bytes have it", arguments: samples)
    func recognises(sample: Sample) throws {
        #expect(try ImageFormat.recognise(ByteView(sample.bytes)) == sample.format)
        guard sample.isWhole else {
            let error = #expect(throws: ImageError.self) { try probe(sample.bytes) }
            #expect(error?.code == .truncatedInput || error?.code == .corruptInput)
            return
        }
        let header = try probe(sample.bytes)
        #expect(header.width == sample.width)
        #expect(header.height == sample.height)
        #expect(header.isAnimated == sample.isAnimated)
    }

    @Test(
        "Other content is refused, and the message names it",
        arguments: [
            ("Dear Sir", "text"), ("%!PS-Adobe-3.0", "PostScript"), ("<!DOCTYPE html><p>", "an HTML page"),
            ("{\"error\": 1}", "JSON text"), ("PK\u{03}\u{04}", "a ZIP archive or an office document"),
            ("\0\0\0\0", "nothing but zero bytes"), ("\u{01}\u{02}", "unknown binary data"), ("B", "text"),
            ("BM is a car maker", "text"), ("\0\0\0\u{10}ftypisom\0\0\0\0", "a video or another ISO media file"),
        ])
    func refuses(text: String, kind: String) {
        let error = #expect(throws: ImageError.self) { try probe(Array(text.utf8)) }
        #expect(error?.code == .notAnImage)
        #expect(error?.details["content"] == .text(kind))
    }

    @Test("An empty file has its own error")
    func empty() {
        #expect(#expect(throws: ImageError.self) { try probe([]) }?.code == .emptyInput)
    }
}
