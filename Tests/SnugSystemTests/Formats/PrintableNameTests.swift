// SPDX-License-Identifier: Apache-2.0
import SnugSystem
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
}
