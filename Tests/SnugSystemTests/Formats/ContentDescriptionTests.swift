// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage
import Testing

/// What is said of content and of names that strangers chose.
@Suite struct ContentDescriptionTests {
    @Test(
        "Images that services exchange have media types, and nothing else has one",
        arguments: ContentSignature.allCases)
    func mediaTypes(signature: ContentSignature) {
        let expected: String? =
            switch signature {
            case .jpeg: "image/jpeg"
            case .png: "image/png"
            case .gif: "image/gif"
            case .webp: "image/webp"
            case .tiff: "image/tiff"
            case .bmp: "image/bmp"
            case .heif: "image/heic"
            case .avif: "image/avif"
            case .jpegXL: "image/jxl"
            default: nil
            }
        #expect(signature.imageMediaType == expected)
    }

    @Test("Every kind has words of its own that end a sentence", arguments: ContentSignature.allCases)
    func words(signature: ContentSignature) {
        let text = signature.description
        #expect(!text.isEmpty && text.last != "." && text == PrintableName.escaped(text))
        #expect(ContentSignature.allCases.filter { $0.description == text } == [signature])
    }

    @Test(
        "The brands of an ISO file decide, in any order",
        arguments: [
            ("avif", [], ContentSignature.avif), ("mif1", ["avif"], .avif), ("mif1", ["heic"], .heif),
            ("heix", [], .heif), ("msf1", ["hevc"], .heif), ("isom", ["mp41"], .isoMedia), ("qt  ", [], .isoMedia),
            ("isom", ["heic"], .heif), ("avis", ["msf1"], .avif), ("jpx ", [], .isoMedia),
        ] as [(String, [String], ContentSignature)])
    func brands(major: String, compatible: [String], expected: ContentSignature) {
        let brands = Array((["ftyp", major, "\0\0\0\0"] + compatible).joined().utf8)
        let bytes: [UInt8] = [0, 0, 0, UInt8(4 + brands.count)] + brands + Array("more".utf8)
        #expect(ContentSignature(bytes) == expected)
    }

    @Test("A brand beyond the box does not count")
    func brandBehindTheBox() {
        let bytes: [UInt8] = [0, 0, 0, 16] + Array("ftypisom\0\0\0\0".utf8) + Array("avif".utf8)
        #expect(ContentSignature(bytes) == .isoMedia)
    }

    @Test("Every scalar of a name is shown, and none can move a cursor or turn text around")
    func everyScalar() {
        for start in stride(from: UInt32(1), to: 0x3000, by: 0x100) {
            for value in start..<start + 0x100 {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let shown = PrintableName.escaped("a\(Character(scalar))b")
                let category = scalar.properties.generalCategory
                let isDangerous =
                    category == .control || category == .lineSeparator || category == .paragraphSeparator
                    || category == .format && value != 0x200D
                #expect(shown.unicodeScalars.contains(scalar) != isDangerous, "U+\(String(value, radix: 16))")
                // By scalars: a mark joins the letter before it.
                #expect(shown.unicodeScalars.first == "a" && shown.unicodeScalars.last == "b")
            }
        }
    }

    @Test(
        "Bytes that are no UTF-8 are shown one by one, the rest as it is",
        arguments: [
            ([0xFF], "\\xff"), ([0xC3], "\\xc3"), ([0xC3, 0xA9], "é"), ([0x80, 0x41], "\\x80A"),
            ([0x41, 0xE2, 0x82], "A\\xe2\\x82"), ([0xE2, 0x82, 0xAC, 0xFE], "€\\xfe"), ([0xF0, 0x9F, 0x98, 0xB9], "😹"),
            ([0xFF, 0x0A, 0xC3, 0xBC], "\\xff\\u{a}ü"), ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([], ""),
        ] as [([UInt8], String)])
    func brokenBytes(bytes: [UInt8], shown: String) {
        #expect(PrintableName.of(bytes: bytes) == shown)
        if !bytes.contains(0) { #expect(PrintableName.of(FilePath(bytes: bytes)) == shown) }
    }

    @Test("Two names that differ are shown differently, whatever their bytes")
    func injective() {
        let names: [[UInt8]] = [[0xFF], [0xFE], [0x0A], [0x0D], [0x1B], [0x41], [0x61], [0xC3, 0xA9], [0xC3], [0xA9]]
        #expect(Set(names.map { PrintableName.of(bytes: $0) }).count == names.count)
    }
}
