// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct GIFHeaderProbeTests {
    @Test(
        "Size, frames and transparency are the file's",
        arguments: [
            ("still", 19, 13, 1, false), ("interlaced", 19, 13, 1, false), ("transparent", 19, 13, 1, true),
            ("frames", 19, 13, 5, true), ("inset", 19, 13, 2, true), ("no-screen", 7, 5, 1, true),
            ("no-colours", 5, 4, 1, false),
        ])
    func header(name: String, width: Int, height: Int, frames: Int, hasAlpha: Bool) throws {
        let header = try probe(try FixtureFolder.gif.bytes("\(name).gif"))
        #expect(header.format == .gif && header.width == width && header.height == height)
        #expect(header.frameCount == frames && header.isAnimated == (frames > 1) && header.hasAlpha == hasAlpha)
        #expect(header.isInterlaced == (name == "interlaced") && header.colourModel == .palette && !header.isPartial)
    }

    @Test("A profile in an extension is read, a damaged one said and left out", arguments: [true, false])
    func profile(isWhole: Bool) throws {
        let icc = try FixtureFolder(name: "Colour").bytes("p3.icc")
        let data = isWhole ? icc : Array(icc.prefix(100))
        var blocks: [UInt8] = []
        for start in stride(from: 0, to: data.count, by: 255) {
            let block = data[start..<min(start + 255, data.count)]
            blocks += [UInt8(block.count)] + block
        }
        let still = try FixtureFolder.gif.bytes("still.gif")
        var file = Array(still.prefix(37))
        file += [0x21, 0xFF, 11] + Array("ICCRGBG1012".utf8)
        file += blocks + [0]
        file += still.dropFirst(37)
        let header = try probe(file)
        #expect((header.iccProfileName != nil) == isWhole && header.warnings.isEmpty == isWhole)
        guard isWhole, ImageFormat.gif.isDecodable else { return }
        let plain = try FixtureFolder.decoded(still).samples
        #expect(try FixtureFolder.decoded(file).samples != plain)
        #expect(try FixtureFolder.decoded(file, policy: FitPolicy(metadata: .keep)).samples == plain)
    }

    @Test("An animation that ends early has the frames that are there, and a warning")
    func cut() throws {
        let file = try FixtureFolder.gif.bytes("frames.gif")
        let header = try probe(Array(file.prefix(file.count - 80)))
        #expect(header.frameCount == 4 && header.warnings.contains { $0.contains("damaged behind its frame") })
    }

    @Test("A screen over the limits is refused before anything is decoded")
    func bomb() throws {
        var file = try FixtureFolder.gif.bytes("still.gif")
        for place in 6..<10 { file[place] = 0xFF }
        #expect { try probe(file) } throws: { ($0 as? ImageError)?.code == .limitExceeded }
    }

    @Test("A file without a frame is damaged")
    func empty() throws {
        let file = Array("GIF89a".utf8) + [9, 0, 9, 0, 0, 0, 0, 0x3B]
        #expect { try probe(file) } throws: { ($0 as? ImageError)?.code == .corruptInput }
    }
}
