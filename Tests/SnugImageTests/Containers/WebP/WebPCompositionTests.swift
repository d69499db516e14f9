// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Animations and chunk orders of WebP, put together by RFC 9649.
@Suite(.enabled(if: ImageFormat.webp.isDecodable)) struct WebPCompositionTests {
    private static func plane(_ width: Int, _ height: Int, _ random: inout SeededGenerator) -> Plane {
        let plane = Plane(width: width, height: height, channels: 4)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for index in row.indices {
                row[index] = [0, 255, .random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            }
        }
        return plane
    }

    private static func flat(_ width: Int, _ height: Int, _ colour: [UInt8]) -> Plane {
        let plane = Plane(width: width, height: height, channels: colour.count)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for index in row.indices { row[index] = colour[index % colour.count] }
        }
        return plane
    }

    @Test("Every frame of a random animation is what the frames draw on each other", arguments: UInt64(0)..<24)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var file = WebPBuilder(width: 24, height: 18, frames: [])
        for _ in 0..<Int.random(in: 2...4, using: &random) {
            let (left, top) = (2 * Int.random(in: 0...8, using: &random), 2 * Int.random(in: 0...6, using: &random))
            let pixels = Self.plane(
                .random(in: 1...24 - left, using: &random), .random(in: 1...18 - top, using: &random), &random)
            file.frames.append(
                WebPBuilder.Frame(
                    left: left, top: top, pixels: pixels, replaces: .random(using: &random),
                    isCleared: .random(using: &random)))
        }
        let bytes = try file.bytes()
        #expect(try probe(bytes).frameCount == file.frames.count && probe(bytes).isAnimated)
        for page in 1...file.frames.count {
            var policy = FitPolicy()
            policy.page = page
            let (samples, channels, _) = try FixtureFolder.decoded(bytes, policy: policy)
            // Each layer is rounded once, and a thin one over another makes steps of it.
            let difference = FixtureFolder.difference(samples, channels, file.canvas(page), expectedChannels: 4)
            #expect(difference <= 2 || Self.isThin(samples, file.canvas(page)), "page \(page): \(difference)")
        }
    }

    /// True where all larger differences are behind little alpha, whose colour has few steps.
    private static func isThin(_ found: [UInt8], _ expected: [UInt8]) -> Bool {
        found.count == expected.count
            && found.indices.allSatisfy { index in
                let alpha = Int(expected[index | 3])
                return abs(Int(found[index]) - Int(expected[index])) <= 2 + 510 / max(alpha, 1)
            }
    }

    @Test("A canvas that opaque frames fill has no transparency")
    func opaque() throws {
        let file = WebPBuilder(
            width: 6, height: 4, frames: [.init(pixels: Self.flat(6, 4, [9, 20, 200, 255]))])
        let header = try probe(file.bytes())
        #expect(!header.hasAlpha && header.frameCount == 1 && !header.isAnimated)
        let (samples, channels, _) = try FixtureFolder.decoded(file.bytes())
        #expect(channels == 3 && Array(samples.prefix(3)) == [9, 20, 200])
    }

    @Test("Sides of VP8 and VP8L are read without their scaling bits and flags", arguments: [1, 2, 300, 16_383])
    func sides(side: Int) throws {
        // RFC 6386 §9.1: frame tag, start code, 14 bits of width and of height with two of scaling each.
        let lossy: [UInt8] =
            [0x10, 0, 0, 0x9D, 0x01, 0x2A] + WebPBuilder.little(side | 0x4000, 2) + WebPBuilder.little(7 | 0xC000, 2)
        let header = try probe(WebPBuilder.file(WebPBuilder.chunk("VP8 ", lossy)))
        #expect(header.width == side && header.height == 7 && !header.hasAlpha)
        for alpha in [0, 1] {
            // RFC 9649 §3.4: sides less one in 14 bits each, alpha, and three bits of version.
            let bits = (side - 1) | 6 << 14 | alpha << 28
            let lossless = [0x2F] + WebPBuilder.little(bits, 4)
            let header = try probe(WebPBuilder.file(WebPBuilder.chunk("VP8L", lossless)))
            #expect(header.width == side && header.height == 7 && header.hasAlpha == (alpha == 1))
        }
    }

    @Test("Image data that do not begin as they should are damage")
    func badStarts() throws {
        let lossy: [UInt8] = [0x10, 0, 0, 0x9D, 0x01, 0x2A, 4, 0, 4, 0]
        let lossless: [UInt8] = [0x2F, 3, 0xC0, 0, 0]
        func error(_ type: String, _ data: [UInt8]) -> ImageError.Code? {
            do throws(ImageError) {
                _ = try probe(WebPBuilder.file(WebPBuilder.chunk(type, data)))
                return nil
            } catch { return error.code }
        }
        #expect(error("VP8 ", lossy) == nil && error("VP8L", lossless) == nil)
        for (place, value) in [(0, UInt8(0x11)), (3, 0), (4, 0), (5, 0), (6, 0), (8, 0)] {
            var bytes = lossy
            bytes[place] = value
            #expect(error("VP8 ", bytes) == .corruptInput, "\(place)")
        }
        for (place, value) in [(0, UInt8(0x2E)), (4, 0x20), (4, 0xE0)] {
            var bytes = lossless
            bytes[place] = value
            #expect(error("VP8L", bytes) == .corruptInput, "\(place)")
        }
        for count in 0..<10 { #expect(error("VP8 ", Array(lossy.prefix(count))) == .corruptInput) }
        for count in 0..<5 { #expect(error("VP8L", Array(lossless.prefix(count))) == .corruptInput) }
    }

    @Test("Chunks out of their order, or of other sizes than the canvas, are damage")
    func order() throws {
        let image = try WebPBuilder.image(Self.flat(4, 4, [1, 2, 3, 128]))
        let canvas = WebPBuilder.canvas(4, 4, flags: 0x10)
        let moving = WebPBuilder.canvas(4, 4, flags: 0x12)
        let frame = WebPBuilder.Frame(pixels: Self.flat(4, 4, [1, 2, 3, 128]))
        let anim = WebPBuilder.chunk("ANIM", [0, 0, 0, 0, 0, 0])
        let rows: [(name: String, chunks: [UInt8])] = [
            ("two images", image + image), ("an image late", WebPBuilder.chunk("ABCD", []) + image),
            ("a canvas late", image + canvas), ("two canvases", canvas + canvas + image),
            ("a short canvas", WebPBuilder.chunk("VP8X", [0, 0, 0, 0, 3, 0, 0, 3, 0]) + image),
            ("another size", WebPBuilder.canvas(5, 4, flags: 0x10) + image),
            ("a frame in a still image", canvas + (try WebPBuilder.frame(frame))),
            ("a frame of another size", moving + anim + (try WebPBuilder.frame(frame, width: 3))),
            ("a frame over the edge", moving + anim + (try WebPBuilder.frame(.init(left: 2, pixels: frame.pixels)))),
            ("a frame without an image", moving + anim + (try WebPBuilder.frame(frame, image: []))),
            ("a short frame", moving + anim + WebPBuilder.chunk("ANMF", [UInt8](repeating: 0, count: 15))),
            ("no image", canvas), ("letters that are none", canvas + WebPBuilder.chunk("\u{01}ABC", [])),
        ]
        for row in rows {
            let source = ImageSource(bytes: WebPBuilder.file(row.chunks))
            let error = #expect(throws: ImageError.self, "\(row.name)") {
                var walk = try WebPWalk(source, limits: DecodingLimits())
                while try walk.next() != nil {}
            }
            #expect(error?.code == .corruptInput, "\(row.name)")
        }
        let sound = WebPBuilder.file(canvas + image + WebPBuilder.chunk("ABCD", [1, 2, 3]))
        var walk = try WebPWalk(ImageSource(bytes: sound), limits: DecodingLimits())
        while try walk.next() != nil {}
        #expect(walk.frames.count == 1 && walk.end == sound.count && walk.canvas?.hasAlpha == true)
    }

    @Test("Lengths of RIFF and of chunks that cannot be are told with their kind")
    func lengths() throws {
        let image = try WebPBuilder.image(Self.flat(4, 4, [1, 2, 3, 255]))
        var short = WebPBuilder.file(image)
        short.replaceSubrange(4..<8, with: WebPBuilder.little(11, 4))
        let none = #expect(throws: ImageError.self) { try WebPWalk(ImageSource(bytes: short), limits: .init()) }
        #expect(none?.code == .corruptInput && none?.message.contains("length 11") == true)
        // A chunk that is longer than the file that RIFF announces, and one that only the file is too short for.
        for (announced, code) in [(image.count + 4, ImageError.Code.corruptInput), (1 << 20, .truncatedInput)] {
            var file = WebPBuilder.file(image)
            file.replaceSubrange(4..<8, with: WebPBuilder.little(announced, 4))
            file.replaceSubrange(16..<20, with: WebPBuilder.little(image.count + 100, 4))
            // Where only the file is too short, who reads the pixels is to judge; the walk of a file to pass on is strict.
            #expect(((try? probe(file)) == nil) == (code == .corruptInput))
            let strict = #expect(throws: ImageError.self) {
                var walk = try WebPWalk(ImageSource(bytes: file), limits: DecodingLimits())
                while try walk.next() != nil {}
            }
            #expect(strict?.code == code)
        }
    }

    @Test("A file is made with its metadata around the image, flagged, in the order of the standard")
    func container() throws {
        let plane = Self.flat(5, 3, [1, 2, 3, 128])
        let still = WebPBuilder.file(try WebPBuilder.image(plane))
        #expect(
            try WebPContainer.adding(
                EmbeddedMetadata(), profile: nil, to: still, width: 5, height: 3, hasAlpha: true) == still)
        let parts: [(exif: [UInt8]?, xmp: [UInt8]?, profile: [UInt8]?, flags: UInt8)] = [
            ([1, 2, 3], nil, nil, 0x18), (nil, [4, 5], nil, 0x14), (nil, nil, [6], 0x30), ([1], [2], [3], 0x3C),
        ]
        for part in parts {
            let made = try WebPContainer.adding(
                EmbeddedMetadata(exif: part.exif, xmp: part.xmp), profile: part.profile, to: still, width: 5, height: 3,
                hasAlpha: true)
            let expected =
                WebPBuilder.canvas(5, 3, flags: part.flags)
                + (part.profile.map { WebPBuilder.chunk("ICCP", $0) } ?? []) + still.dropFirst(12)
                + (part.exif.map { WebPBuilder.chunk("EXIF", $0) } ?? [])
                + (part.xmp.map { WebPBuilder.chunk("XMP ", $0) } ?? [])
            #expect(made == WebPBuilder.file(expected))
        }
    }
}
