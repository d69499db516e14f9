// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The ends of ISO, RIFF, BMP and GIF files by table, with the words that a person reads.
@Suite struct ContainerBoxTests {
    private static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    private static func big(_ value: Int, _ width: Int) -> [UInt8] { little(value, width).reversed() }

    private static func box(_ type: String, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
        big(length ?? 8 + payload.count, 4) + Array(type.utf8) + payload
    }
    private static func longBox(_ type: String, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
        big(1, 4) + Array(type.utf8) + big(length ?? 16 + payload.count, 8) + payload
    }
    private static let kind = box("ftyp", Array("heic\0\0\0\0heic".utf8))
    private static let data = box("mdat", [UInt8](repeating: 7, count: 40))

    private func end(_ bytes: [UInt8]) throws -> ContainerEnd { try ContainerEnd(of: ImageSource(bytes: bytes)) }

    private func words(_ bytes: [UInt8]) throws -> String {
        switch try end(bytes) {
        case .reached: "reached"
        case .missing(let text): "missing: \(text)"
        case .unknown(let text): "unknown: \(text)"
        }
    }

    static let boxes: [(String, [UInt8], String)] = [
        ("whole", kind + data, "reached"),
        ("data before the rest", kind + data + box("meta", [1, 2]), "reached"),
        ("a long box", kind + longBox("mdat", [1, 2, 3]), "reached"),
        ("no data", kind + box("meta", [1, 2]), "unknown: ends with a box, but none has the image's data"),
        (
            "a last box without length", kind + box("mdat", [1], length: 0),
            "unknown: has a last box without a length (mdat)"
        ),
        ("half a box header", kind + data + [0, 0, 0], "missing: ends inside a box header at byte 68"),
        ("a box cut", kind + Array(data.dropLast(5)), "missing: has 63 of the 68 bytes that its box mdat announces"),
        (
            "a long box cut", kind + longBox("mdat", [1], length: 100),
            "missing: has 37 of the 120 bytes that its box mdat announces"
        ),
        (
            "a length of 7", kind + box("mdat", [], length: 7),
            "unknown: box mdat has the impossible length 7 at byte 20: the file is damaged; get it again"
        ),
        (
            "a long length of 15", kind + longBox("mdat", [1], length: 15),
            "unknown: box mdat has the impossible length 1 at byte 20: the file is damaged; get it again"
        ),
        (
            "a long length beyond everything", kind + longBox("mdat", [1], length: .max),
            "unknown: box mdat has the impossible length 1 at byte 20: the file is damaged; get it again"
        ),
        (
            "zeros at the end", kind + box("mdat", [UInt8](repeating: 0, count: 80)),
            "unknown: is as long as its boxes announce, but ends in zero bytes"
        ),
    ]

    @Test("ISO boxes", arguments: boxes)
    func iso(name: String, bytes: [UInt8], expected: String) throws { #expect(try words(bytes) == expected) }

    @Test("A JPEG XL container ends like ISO files, with its own data boxes", arguments: ["jxlc", "jxlp"])
    func jpegXL(type: String) throws {
        let signature = Self.box("JXL ", [0x0D, 0x0A, 0x87, 0x0A])
        let file = signature + Self.box("ftyp", Array("jxl \0\0\0\0jxl ".utf8)) + Self.box(type, [0xFF, 0x0A, 1, 2, 3])
        #expect(try end(file) == .reached)
        #expect(try words(Array(file.dropLast(2))).hasPrefix("missing: has"))
    }

    @Test(
        "A BMP ends where its header says, if it does",
        arguments: [
            (100, 100, "reached"), (100, 120, "reached"),
            (100, 99, "missing: has 99 of the 100 bytes that its BMP header announces"),
            (0, 100, "unknown: is a BMP without a length in its header"),
            (54, 100, "unknown: is a BMP without a length in its header"),
        ])
    func bmp(announced: Int, count: Int, expected: String) throws {
        var bytes = Array("BM".utf8) + Self.little(announced, 4) + [UInt8](repeating: 0, count: 8) + Self.little(40, 4)
        bytes += [UInt8](repeating: 9, count: count - bytes.count)
        #expect(try words(bytes) == expected)
    }

    @Test(
        "A RIFF file ends where its header says",
        arguments: [
            (20, 28, "reached"), (20, 40, "reached"),
            (20, 27, "missing: has 27 of the 28 bytes that its RIFF header announces"),
            (12, 28, "missing: has no length in its RIFF header yet"),
            (0, 28, "missing: has no length in its RIFF header yet"),
        ])
    func riff(announced: Int, count: Int, expected: String) throws {
        let start = Array("RIFF".utf8) + Self.little(announced, 4) + Array("WEBPVP8L".utf8)
        #expect(try words(start + [UInt8](repeating: 3, count: count - start.count)) == expected)
    }

    @Test("GIF blocks are followed with their colour tables, to the trailer and no further")
    func gif() throws {
        let screen = Array("GIF89a".utf8) + [2, 0, 2, 0, 0x81, 0, 0] + [UInt8](repeating: 0x3B, count: 12)
        let image: [UInt8] =
            [0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0x80] + [UInt8](repeating: 0x3B, count: 6) + [2, 2, 1, 1, 0]
        let comment: [UInt8] = [0x21, 0xFE, 3, 1, 2, 3, 2, 1, 2, 0]
        #expect(try end(screen + comment + image + image + [0x3B]) == .reached)
        #expect(try words(screen + comment + image).hasPrefix("missing: GIF ends without a trailer"))
        #expect(try words(screen + [0x77, 1]).hasPrefix("unknown: GIF has a block of no known kind at byte 25"))
        let bare = Array("GIF87a".utf8) + [2, 0, 2, 0, 0, 0, 0]
        #expect(try end(bare + [0x3B]) == .reached)
    }

    @Test(
        "Other content is named",
        arguments: [
            ("hello, this is a letter\n", "unknown: is text, which marks no end"),
            ("%PDF-1.7 and so on", "unknown: is a PDF document, which marks no end"),
            ("short", "missing: ends inside its first bytes"),
            ("", "missing: is empty (0 bytes)"),
            (String(repeating: "\0", count: 50), "missing: has nothing but zero bytes yet"),
        ])
    func others(text: String, expected: String) throws { #expect(try words(Array(text.utf8)) == expected) }
}
