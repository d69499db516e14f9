// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct PrintableNameTests {
    @Test(
        "What could move a terminal's cursor is shown, not sent",
        arguments: [
            ("a\u{1B}[2Jb", "a\\u{1b}[2Jb"), ("a\rb\nc", "a\\u{d}b\\u{a}c"), ("\u{9B}31m", "\\u{9b}31m"),
            ("cod\u{202E}gpj.exe", "cod\\u{202e}gpj.exe"), ("Übung 日本 👨‍👩‍👧.jpg", "Übung 日本 👨‍👩‍👧.jpg"), ("\u{7F}", "\\u{7f}"),
        ])
    func escapes(name: String, shown: String) {
        #expect(PrintableName.of(bytes: Array(name.utf8)) == shown)
        #expect(PrintableName.escaped(name) == shown)
    }

    @Test("Bytes that are no UTF-8 are shown by number")
    func brokenBytes() {
        #expect(PrintableName.of(bytes: [0x61, 0xFF, 0x1B, 0x62]) == "a\\xff\\u{1b}b")
    }

    /// Byte sequences that Unicode's table 3-7 has for ill-formed, each shown byte by byte.
    static let illFormed: [([UInt8], String)] = [
        ([0xC0, 0xAF], "\\xc0\\xaf"), ([0xC1, 0xBF], "\\xc1\\xbf"), ([0xE0, 0x80, 0xAF], "\\xe0\\x80\\xaf"),
        ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"),
        ([0xF5], "\\xf5"), ([0x80], "\\x80"), ([0x61, 0xC3], "a\\xc3"), ([0xE2, 0x82], "\\xe2\\x82"),
        ([0xF0, 0x9F, 0x8C], "\\xf0\\x9f\\x8c"), ([0xE2, 0x82, 0x61], "\\xe2\\x82a"),
        ([0xFE, 0xC3, 0xA9], "\\xfe\u{E9}"),
    ]

    @Test("Ill-formed sequences are shown to the byte, and what follows them is kept", arguments: illFormed.indices)
    func sequences(row: Int) {
        let (bytes, shown) = Self.illFormed[row]
        #expect(PrintableName.of(bytes: bytes) == shown)
    }

    @Test("Whatever the bytes, what is shown is one line without a control character", arguments: UInt64(0)..<10)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                [UInt8.random(in: 0...255, using: &random), 0x1B, 0xC2, 0xE2, 0x80, 0xAE].randomElement(using: &random)
                    ?? 0
            }
            let shown = PrintableName.of(bytes: bytes)
            for scalar in shown.unicodeScalars {
                #expect(scalar.value >= 32 && !(0x7F...0x9F).contains(scalar.value))
                #expect(![0x2028, 0x2029, 0x202E, 0x2066, 0xFEFF].contains(scalar.value))
            }
            // Nothing is left out: each byte is there, or its number is.
            if bytes.allSatisfy({ (0x20...0x7E).contains($0) }) { #expect(Array(shown.utf8) == bytes) }
            #expect(shown.utf8.count >= bytes.count)
        }
    }
}
