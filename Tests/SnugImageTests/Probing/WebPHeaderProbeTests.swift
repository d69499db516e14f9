// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct WebPHeaderProbeTests {
    private static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// RFC 9649: RIFF, WEBP and the first chunk.
    private static func webP(_ kind: String, _ payload: [UInt8]) -> [UInt8] {
        Array("RIFF".utf8) + Self.little(12 + payload.count, 4) + Array("WEBP\(kind)".utf8)
            + Self.little(payload.count, 4)
            + payload
    }

    @Test("A lossy WebP has 14 bits of each side", arguments: [(1, 1), (320, 240), (16_383, 16_383)])
    func lossyWebP(width: Int, height: Int) throws {
        // The two bits above are an upscaling hint.
        let frame: [UInt8] =
            [0, 0, 0, 0x9D, 0x01, 0x2A] + Self.little(width | 0x4000, 2) + Self.little(height | 0x8000, 2)
        let header = try probe(Self.webP("VP8 ", frame))
        #expect(header.width == width && header.height == height && header.frameCount == 1 && !header.hasAlpha)
    }

    @Test("A lossless WebP has 14 bits of each side less one", arguments: [(1, 1), (320, 240), (16_384, 16)])
    func losslessWebP(width: Int, height: Int) throws {
        let header = try probe(Self.webP("VP8L", [0x2F] + Self.little((width - 1) | (height - 1) << 14, 4)))
        #expect(header.width == width && header.height == height && header.frameCount == 1)
    }

    @Test(
        "A canvas without an image, and a first chunk that no WebP begins with, are damage",
        arguments: ["VP8X", "ALPH"])
    func withoutImage(kind: String) {
        let file = Self.webP(kind, [UInt8](repeating: 0, count: 10))
        #expect { try probe(file) } throws: { ($0 as? ImageError)?.code == .corruptInput }
    }

    @Test("Size and transparency are the image's", arguments: ["lossy", "lossless", "alpha-lossy", "alpha-lossless"])
    func stills(name: String) throws {
        let header = try probe(try WebPFixtures.file(name))
        #expect(header.format == .webp && header.width == 37 && header.height == 23)
        #expect(header.hasAlpha == name.hasPrefix("alpha") && !header.isAnimated && header.frameCount == 1)
    }

    @Test("Frames are counted, and the canvas is the size")
    func animations() throws {
        let animated = try probe(try WebPFixtures.file("animated"))
        #expect(animated.isAnimated && animated.frameCount == 3 && animated.width == 37)
        let frames = try probe(try WebPFixtures.file("frames"))
        #expect(frames.frameCount == 4 && frames.width == 47 && frames.height == 30 && frames.hasAlpha)
        let offset = try probe(try WebPFixtures.file("offset-frame"))
        #expect(offset.frameCount == 2 && offset.width == 47 && offset.height == 30 && offset.hasAlpha)
    }

    @Test("Orientation, profile and sizes of metadata are told")
    func metadata() throws {
        #expect(try probe(try WebPFixtures.file("orientation-6")).orientation == .rotated90)
        let header = try probe(try WebPFixtures.file("metadata"))
        #expect(header.orientation == .rotated90 && header.metadata.exif > 26 && header.metadata.xmp > 8)
        #expect(header.metadata.icc > 300 && header.iccProfileName != nil)
    }

    @Test("Sides over the limit are refused before anything is decoded")
    func bomb() throws {
        var file = try WebPFixtures.file("offset-frame")
        for place in 24..<30 { file[place] = 0xFF }
        #expect { try probe(file) } throws: { ($0 as? ImageError)?.code == .limitExceeded }
    }

    @Test("A canvas that its image does not fill, a second image and a frame past the edge are faults")
    func contradictions() throws {
        var canvas = try WebPFixtures.file("orientation-6")
        canvas[24] &+= 1
        var edge = try WebPFixtures.file("offset-frame")
        edge[24] &-= 9
        for file in [canvas, edge] {
            #expect { try probe(file) } throws: { ($0 as? ImageError)?.code == .corruptInput }
        }
    }
}
