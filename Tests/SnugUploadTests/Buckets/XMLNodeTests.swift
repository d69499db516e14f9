// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugUpload

@Suite struct XMLNodeTests {
    private func parse(_ text: String) -> XMLNode? { XMLNode(parsing: Array(text.utf8)) }

    @Test("Elements, texts and their characters are read")
    func reads() throws {
        let root = try #require(
            parse(
                """
                \u{FEFF}<?xml version="1.0" encoding="UTF-8"?> <!-- a <b> -->
                <s3:R xmlns="x>y" a='"'><A>1 &lt; 2 &amp;&#65;&#x1F600;</A><E/><E b="/"/><A>two</A></s3:R>
                """))
        #expect(root.name == "R" && root.children.count == 4)
        #expect(root["A"]?.text == "1 < 2 &A😀" && root["E"]?.text == "" && root["B"] == nil)
        #expect(root.all("A").map(\.text) == ["1 < 2 &A😀", "two"])
    }

    @Test(
        "What is no document is none",
        arguments: [
            "", " ", "a", "<", "<a", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a>&nothing;</a>",
            "<a>&#xD800;</a>",
            "<a>&", "<a>&amp</a>", "<!DOCTYPE a><a/>", "<a><!-- c --></a>", "<a><![CDATA[b]]></a>", "</a>", "<>x</>",
            "<a b=\">", "<a></a>x",
        ])
    func refuses(text: String) { #expect(parse(text) == nil) }

    @Test("Depth is bounded, and bytes that are no text are refused")
    func bounds() {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(parse(nested(16)) != nil)
        #expect(parse(nested(17)) == nil && parse(nested(100_000)) == nil)
        #expect(XMLNode(parsing: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) == nil)
    }

    @Test("No damage of a document ends the process")
    func damage() {
        let text = Array("<?xml version=\"1.0\"?><R a=\"1\"><A>x &amp; y</A><B/><C>z</C></R>".utf8)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...4, using: &generator) where bytes.count > 1 {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.removeLast(bytes.count - max(1, index))
                }
            }
            _ = XMLNode(parsing: bytes)
        }
        for end in text.indices { #expect(XMLNode(parsing: Array(text[..<end])) == nil) }
    }
}
