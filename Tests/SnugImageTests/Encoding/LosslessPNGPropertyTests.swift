// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Random small planes of every kind through the lossless encoder and back.
@Suite struct LosslessPNGPropertyTests {
    /// Few or many colours, gray or not, opaque or not, in rows that are like the one above or not.
    private static func plane(_ random: inout SeededGenerator) -> Plane {
        let channels = Int.random(in: 1...4, using: &random)
        let plane = Plane(
            width: Int.random(in: 1...40, using: &random), height: Int.random(in: 1...40, using: &random),
            channels: channels)
        let isGray = Bool.random(using: &random)
        let levels = [2, 3, 4, 5, 16, 17, 256].randomElement(using: &random) ?? 2
        let opacity = [1, 2, 256].randomElement(using: &random) ?? 1
        let isSmooth = Bool.random(using: &random)
        func level(_ count: Int) -> UInt8 {
            count < 2 ? 255 : UInt8(Int.random(in: 0..<count, using: &random) * 255 / (count - 1))
        }
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            for x in 0..<plane.width {
                if isSmooth, y > 0, Int.random(in: 0..<8, using: &random) > 0 {
                    let above = plane.row(y - 1)
                    for channel in 0..<channels { row[x * channels + channel] = above[x * channels + channel] }
                    continue
                }
                let first = level(levels)
                for channel in 0..<channels {
                    let isAlpha = channels.isMultiple(of: 2) && channel == channels - 1
                    row[x * channels + channel] =
                        isAlpha ? level(opacity) : channel == 0 || isGray ? first : level(levels)
                }
            }
        }
        return plane
    }

    /// The samples as RGBA.
    private static func rgba(_ plane: Plane) -> [UInt8] {
        rows(of: plane).flatMap { row in
            stride(from: 0, to: row.count, by: plane.channels).flatMap { start -> [UInt8] in
                let pixel = Array(row[start..<start + plane.channels])
                switch plane.channels {
                case 1: return [pixel[0], pixel[0], pixel[0], 255]
                case 2: return [pixel[0], pixel[0], pixel[0], pixel[1]]
                case 3: return pixel + [255]
                default: return pixel
                }
            }
        }
    }

    @Test("Every sample comes back, whatever the layout that was chosen", arguments: 0..<8)
    func roundTrip(group: UInt64) throws {
        for seed in group * 25..<group * 25 + 25 {
            var random = SeededGenerator(seed: seed)
            let plane = Self.plane(&random)
            let effort: PNGLosslessEncoder.Effort = seed.isMultiple(of: 5) ? .thorough : .quick
            let bytes = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: effort))
            let decoded = try DecodedPNG(bytes)
            #expect((decoded.width, decoded.height) == (plane.width, plane.height) && decoded.warnings.isEmpty)
            #expect(decoded.rgba == Self.rgba(plane), "seed \(seed)")
            #expect(try PNGDecoder.verify(ImageSource(bytes: bytes)).isSound, "seed \(seed)")
        }
    }

    @Test("The layout is never larger than the samples need", arguments: 0..<4)
    func layout(group: UInt64) throws {
        for seed in group * 25..<group * 25 + 25 {
            var random = SeededGenerator(seed: seed)
            let plane = Self.plane(&random)
            let pixels = Self.rgba(plane)
            let colours = Set(stride(from: 0, to: pixels.count, by: 4).map { Array(pixels[$0..<$0 + 4]) })
            let isOpaque = colours.allSatisfy { $0[3] == 255 }
            let isGray = colours.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
            let bits = PNGReduction(of: plane).layout.bits * PNGReduction(of: plane).layout.channels
            let plain = (isGray ? 8 : 24) + (isOpaque ? 0 : 8)
            #expect(bits <= plain, "seed \(seed)")
            if colours.count <= 256 {
                let indices = [1, 2, 4, 8].first { colours.count <= 1 << $0 } ?? 8
                #expect(bits <= indices, "seed \(seed)")
            }
            // Nothing that has to be there is left out.
            if !isOpaque, colours.count > 256 { #expect([16, 32].contains(bits), "seed \(seed)") }
        }
    }

    @Test("What is over the limit is not returned, and told with a size over it", arguments: UInt64(0)..<20)
    func limits(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 1 << 32)
        let plane = Self.plane(&random)
        let size = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max)).count
        for limit in [1, size / 2, size - 1, size, size + 1] {
            for effort in PNGLosslessEncoder.Effort.allCases {
                for believed in [1.12, .infinity] {
                    switch try PNGLosslessEncoder.attempt(
                        plane, byteLimit: limit, effort: effort, options: PNGEncoderOptions(), believed: believed)
                    {
                    case .fits(let bytes): #expect(bytes.count <= limit)
                    case .tooLarge(let count): #expect(count > limit)
                    }
                }
            }
        }
    }

    @Test("A row at a time, an encoder over its limit tells how far it came", arguments: [1, 2, 3, 4])
    func streaming(channels: Int) throws {
        let plane = DrawnImage.scene(width: 80, height: 200, channels: channels == 2 ? 1 : channels, grain: 30)
        let shape = RasterShape.interleaved(width: 80, height: 200, channels: plane.channels)
        func run(_ limit: Int) throws -> (bytes: [UInt8]?, share: Double) {
            let sink = try PNGEncodingSink(shape, options: PNGEncoderOptions(), byteLimit: limit)
            for y in 0..<200 { try sink.receive(plane.row(y), plane: 0) }
            let share = sink.writtenShare
            return (try sink.finish(), share)
        }
        let whole = try run(.max / 2)
        let bytes = try #require(whole.bytes)
        #expect(whole.share == 1)
        #expect(DrawnImage.difference(try DrawnImage.decoded(bytes), plane) == 0)
        var last = 0.0
        for percent in [10, 40, 70] {
            let part = try run(bytes.count * percent / 100)
            #expect(part.bytes == nil && part.share >= last)
            last = part.share
        }
        #expect(try run(bytes.count).bytes == bytes)
        #expect(try run(bytes.count - 1).bytes == nil)
    }
}
