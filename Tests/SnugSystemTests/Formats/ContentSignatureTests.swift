// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@Suite struct ContentSignatureTests {
    private static func isoMedia(_ major: String, _ compatible: [String] = []) -> [UInt8] {
        let brands = Array((major + "\0\0\0\0" + compatible.joined()).utf8)
        return [0, 0, 0, UInt8(8 + brands.count)] + Array("ftyp".utf8) + brands
    }

    private static let bitmap: [UInt8] =
        Array("BM".utf8) + [UInt8](repeating: 0, count: 12) + [40, 0, 0, 0] + [UInt8](repeating: 0, count: 10)

    private static let imageStarts: [([UInt8], ContentSignature)] = [
        ([0xFF, 0xD8, 0xFF, 0xE0], .jpeg),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
        (Array("GIF87a".utf8), .gif), (Array("GIF89a".utf8), .gif), (Array("RIFF....WEBPVP8 ".utf8), .webp),
        (Array("II*\0".utf8), .tiff), (Array("MM\0*".utf8), .tiff), (Array("II+\0".utf8), .tiff),
        (Array("MM\0+".utf8), .tiff),
        (bitmap, .bmp), ([0xFF, 0x0A], .jpegXL), ([0, 0, 0, 0x0C] + Array("JXL ".utf8), .jpegXL),
        (isoMedia("heic"), .heif), (isoMedia("mif1", ["heic"]), .heif), (isoMedia("avif"), .avif),
        (isoMedia("mif1", ["avif", "miaf"]), .avif),
    ]

    @Test("Images are known by their first bytes", arguments: imageStarts)
    func images(bytes: [UInt8], signature: ContentSignature) {
        #expect(ContentSignature(bytes) == signature)
        #expect(signature.imageMediaType?.hasPrefix("image/") == true)
        #expect(signature.description.contains("image"))
    }

    @Test(
        "SVG is known after declarations and comments, and nothing else is SVG",
        arguments: [
            ("<svg xmlns=\"x\">", true), ("<?xml version=\"1.0\"?>\n<!-- a > b -->\n<svg>", true),
            ("\u{FEFF}<svg:svg>", true), ("<!DOCTYPE svg PUBLIC>", true), ("<html><svg>", false), ("<!-- <svg>", false),
            ("text <svg>", false),
        ])
    func svg(text: String, isSVG: Bool) { #expect((ContentSignature(Array(text.utf8)) == .svg) == isSVG) }

    private static let otherContent: [([UInt8], ContentSignature)] = [
        ([], .empty), (Array("%PDF-1.7".utf8), .pdf), (Array("%!PS-Adobe".utf8), .postScript),
        ([0x50, 0x4B, 3, 4], .zip), ([0x1F, 0x8B, 8], .gzip), (isoMedia("isom"), .isoMedia),
        (Array("8BPS".utf8), .photoshop), ([0x7F] + Array("ELF".utf8), .program),
        (Array("#!/bin/sh".utf8), .program),
        (Array("RIFF....WAVE".utf8), .soundOrVideo), (Array("OggS".utf8), .soundOrVideo),
        ([UInt8](repeating: 0, count: 600), .zeroes), (Array("{\"error\": 1}".utf8), .json),
        (Array("  [1]".utf8), .json), (Array("<!DOCTYPE html><html>".utf8), .html),
        (Array("An <HTML> page".utf8), .html), (Array("Not found".utf8), .text),
        ([0xEF, 0xBB, 0xBF] + Array("text".utf8), .text), ([1, 2, 3, 0xFE], .binary),
    ]

    @Test("Other content has a name", arguments: otherContent)
    func others(bytes: [UInt8], signature: ContentSignature) {
        #expect(ContentSignature(bytes) == signature)
        #expect(signature.imageMediaType == nil)
        #expect(!signature.description.isEmpty)
    }

    /// The icon format's directory: reserved, type 1, one entry; the entry's size, colours, reserved byte, planes, bits, then
    /// the count and the place of its bytes.
    private static let icon: [UInt8] = [
        0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 0x68, 4, 0, 0, 22, 0, 0, 0,
    ]

    @Test(
        "An icon is known by a first entry whose data lies behind the directory, and a cursor is none",
        arguments: [
            (0, 0, true), (2, 2, false), (4, 0, false), (4, 3, false), (5, 1, false), (9, 7, false), (14, 0, true),
            (18, 21, false), (18, 23, true), (21, 0x7F, true), (6, 0, true),
        ])
    func icons(offset: Int, value: UInt8, isIcon: Bool) {
        var bytes = Self.icon
        bytes[offset] = value
        #expect((ContentSignature(bytes) == .ico) == isIcon)
        #expect(ContentSignature(bytes.dropLast()) != .ico)
        #expect(ContentSignature.ico.mediaType == "image/vnd.microsoft.icon")
    }

    @Test("A bitmap is known by the size of its header, in every version that there was", arguments: UInt8(0)...255)
    func bitmapHeaders(size: UInt8) {
        var bytes = Self.bitmap
        bytes[14] = size
        // OS/2 1 and 2 (also cut short), Windows 3, with masks, with transparency, 4 and 5.
        #expect((ContentSignature(bytes) == .bmp) == [12, 16, 64, 40, 52, 56, 108, 124].contains(size))
        bytes[15] = 1
        #expect(ContentSignature(bytes) != .bmp)
    }

    @Test("Text that begins with BM is text")
    func textLikeBitmap() {
        #expect(ContentSignature(Array("BMW and other cars, long enough for a header".utf8)) == .text)
    }

    @Test("A file cut at any byte is never read beyond its end", arguments: 0..<40)
    func truncated(count: Int) {
        for whole in [Self.isoMedia("mif1", ["avif", "miaf", "heic"]), Self.bitmap, Array("RIFF....WEBPVP8 ".utf8)] {
            _ = ContentSignature(whole.prefix(count))
        }
        #expect(ContentSignature(Self.isoMedia("heic").prefix(min(count, 11))) != .heif)
    }

    @Test("A box that states a size beyond the file is read to the file's end")
    func lyingBox() {
        #expect(ContentSignature([0x7F, 0xFF, 0xFF, 0xFF] + Array("ftypavif".utf8) + [0, 0, 0, 0]) == .avif)
        #expect(ContentSignature([0, 0, 0, 0] + Array("ftypavif".utf8)) == .isoMedia)
    }

    @Test("Only the first bytes count")
    func prefix() {
        let long = Array("text".utf8) + [UInt8](repeating: 0x61, count: ContentSignature.byteCount) + [0]
        #expect(ContentSignature(long) == .text)
    }
}

@Suite struct HexadecimalTests {
    @Test(
        "Bytes are two lower-case digits each",
        arguments: [([], ""), ([0], "00"), ([0xAB, 0x01, 0xFF], "ab01ff"), ([0x10], "10")])
    func digits(bytes: [UInt8], text: String) { #expect(bytes.hexadecimal == text) }
}
