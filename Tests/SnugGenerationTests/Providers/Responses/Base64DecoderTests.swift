// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Against the standard's own examples and Foundation's encoder.
@Suite struct Base64DecoderTests {
    /// Decodes a text in pieces of a size, and tells how many of its bytes were digits.
    private func decode(_ text: String, pieces size: Int) -> (bytes: [UInt8], taken: Int) {
        var decoder = Base64Decoder()
        var taken = 0
        for piece in Array(text.utf8).pieces(of: size) {
            let end = decoder.decode(piece.span, from: 0)
            taken += end
            if end < piece.count { break }
        }
        decoder.finish()
        return (decoder.output, taken)
    }

    @Test(
        "The standard's examples decode, with padding or without (RFC 4648 §10)",
        arguments: [
            ("", ""), ("Zg", "f"), ("Zg==", "f"), ("Zm8", "fo"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"), ("Zm9vYmFy", "foobar"),
        ])
    func examples(text: String, expected: String) {
        for size in 1...9 {
            let result = decode(text, pieces: size)
            #expect(result.bytes == Array(expected.utf8))
            #expect(result.taken == text.prefix { $0 != "=" }.count)
        }
    }

    @Test("Bytes of any length come back, in both alphabets, wherever the text is cut", arguments: UInt64(0)..<20)
    func roundTrip(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let standard = Data(bytes).base64EncodedString()
            let forURLs = standard.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            for text in [standard, forURLs] {
                let result = decode(text, pieces: Int.random(in: 1...40, using: &random))
                #expect(result.bytes == bytes)
            }
        }
    }

    @Test(
        "The first byte that is no digit ends it, and its place is told",
        arguments: [
            ("Zm9v\"", 4, "foo"), ("Zm9vY\n", 5, "foo"), ("\\u002f", 0, ""), ("Zm 9v", 2, "f"),
            ("Zm9v\u{E9}", 4, "foo"),
            ("=", 0, ""), ("Zm9vYm=x", 6, "foob"), ("Zm9v\u{0}Zm9v", 4, "foo"),
        ])
    func ends(text: String, taken: Int, expected: String) {
        for size in [1, 2, 3, 4, 5, 100] {
            let result = decode(text, pieces: size)
            #expect(result.taken == taken && result.bytes == Array(expected.utf8), "\(size)")
        }
    }

    @Test("All 256 bytes are digits or not, as both alphabets have them")
    func digits() {
        let digits = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_".utf8)
        for byte in UInt8.min ... .max {
            var decoder = Base64Decoder()
            #expect(decoder.take(byte) == digits.contains(byte), "\(byte)")
        }
    }

    @Test("What was taken makes room, and decoding resumes in the middle of a group")
    func room() {
        var decoder = Base64Decoder()
        var bytes: [UInt8] = []
        for digit in "Zm9vYmFyZm9vYmE".utf8 {
            let isDigit = decoder.take(digit)
            #expect(isDigit)
            bytes += decoder.output
            decoder.removeOutput()
        }
        decoder.finish()
        #expect(bytes + decoder.output == Array("foobarfooba".utf8))
    }
}
