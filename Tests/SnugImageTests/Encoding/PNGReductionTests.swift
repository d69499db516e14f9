// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import SnugImage

@Suite struct PNGReductionTests {
    /// A plane whose pixel `(x, y)` has the samples that `samples` gives.
    private func plane(
        width: Int = 120, height: Int = 80, channels: Int, _ samples: (Int, Int) -> [UInt8]
    ) -> Plane {
        let plane = Plane(width: width, height: height, channels: channels)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                for (index, sample) in samples(x, y).enumerated() { row[x * channels + index] = sample }
            }
        }
        return plane
    }

    private func rgba(_ plane: Plane) -> [UInt8] {
        let channels = plane.channels
        return (0..<plane.height).flatMap { y in
            let row = plane.row(y)
            return (0..<plane.width).flatMap { x -> [UInt8] in
                let colour = PNGColourCensus.colour(of: row, at: x * channels, channels: channels)
                return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> UInt32($0)) }
            }
        }
    }

    /// Encodes both ways and compares every pixel.
    private func expectLossless(_ plane: Plane, sourceLocation: SourceLocation = #_sourceLocation) throws {
        for effort in PNGLosslessEncoder.Effort.allCases {
            let bytes = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: effort))
            #expect(try DecodedPNG(bytes).rgba == rgba(plane), sourceLocation: sourceLocation)
            #expect(try PNGDecoder.verify(ImageSource(bytes: bytes)).isSound, sourceLocation: sourceLocation)
        }
    }

    private func noise(_ x: Int, _ y: Int, _ c: Int = 0) -> UInt8 {
        var mixed = UInt64(truncatingIfNeeded: (c * 4096 + y) * 4096 + x) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
        return UInt8(mixed >> 32 & 255)
    }

    @Test("Alpha that is opaque everywhere is dropped")
    func opaque() throws {
        let plane = plane(channels: 4) { [noise($0, $1), noise($0, $1, 1), noise($0, $1, 2), 255] }
        #expect(PNGReduction(of: plane).layout == .rgb(bits: 8))
        try expectLossless(plane)
    }

    @Test("One pixel that is not opaque keeps alpha")
    func nearlyOpaque() throws {
        let plane = plane(channels: 4) {
            [noise($0, $1), noise($0, $1, 1), noise($0, $1, 2), $0 == 119 && $1 == 79 ? 254 : 255]
        }
        #expect(PNGReduction(of: plane).layout == .rgba(bits: 8))
        try expectLossless(plane)
    }

    @Test("Grays in RGB and RGBA become gray, with alpha where it is needed")
    func gray() throws {
        let opaque = plane(channels: 3) { [noise($0, $1), noise($0, $1), noise($0, $1)] }
        #expect(PNGReduction(of: opaque).layout == .gray(bits: 8))
        try expectLossless(opaque)
        let clear = plane(channels: 4) { [noise($0, $1), noise($0, $1), noise($0, $1), noise($1, $0, 5)] }
        #expect(PNGReduction(of: clear).layout == .grayAlpha(bits: 8))
        try expectLossless(clear)
    }

    @Test("Gray levels that a low depth has exactly take that depth", arguments: [(255, 1), (85, 2), (17, 4), (1, 8)])
    func lowBits(step: Int, bits: Int) throws {
        let plane = plane(channels: 1) { [UInt8(Int(noise($0, $1)) / step * step)] }
        #expect(PNGReduction(of: plane).layout == .gray(bits: bits))
        try expectLossless(plane)
    }

    @Test("Few grays off those levels become a palette")
    func oddGrays() throws {
        let plane = plane(channels: 1) { [noise($0, $1) % 3 + 100] }
        #expect(PNGReduction(of: plane).layout == .palette(PNGPalette([100, 101, 102].map(Self.gray)), bits: 2))
        try expectLossless(plane)
    }

    private static func gray(_ level: UInt32) -> UInt32 { level * 0x0101_0100 | 255 }

    @Test(
        "Up to 256 colours become a palette of the fewest bits",
        arguments: [(2, 1), (4, 2), (16, 4), (17, 8), (256, 8)])
    func palette(count: Int, bits: Int) throws {
        let plane = plane(channels: 4) {
            let index = UInt8(truncatingIfNeeded: ($0 + $1 * 120) % count)
            return [index, index &* 3, 40, index % 2 == 0 ? 255 : 17]
        }
        let layout = PNGReduction(of: plane).layout
        #expect(layout.bits == bits)
        guard case .palette(let palette, _) = layout else {
            Issue.record("no palette but \(layout)")
            return
        }
        #expect(palette.colours.count == count)
        #expect(palette.transparentCount == count / 2)
        try expectLossless(plane)
    }

    @Test("257 colours make no palette")
    func manyColours() throws {
        let plane = plane(channels: 3) {
            let index = ($0 + $1 * 120) % 257
            return [UInt8(truncatingIfNeeded: index), index == 256 ? 1 : 0, 9]
        }
        #expect(PNGReduction(of: plane).layout == .rgb(bits: 8))
        try expectLossless(plane)
    }

    @Test("A colour under zero alpha is kept, for the file is to be lossless")
    func hiddenColours() throws {
        try expectLossless(plane(channels: 4) { [noise($0, $1), noise($0, $1, 1), 3, UInt8($0 % 2 * 255)] })
    }

    @Test("A tiny image is stored without a palette when that is smaller")
    func tiny() throws {
        let plane = plane(width: 16, height: 16, channels: 3) { [UInt8($0 * 16), UInt8($1 * 16), 0] }
        let bytes = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max))
        #expect(bytes.count < 768)
        try expectLossless(plane)
    }

    @Test("Nothing over the limit is returned")
    func limit() throws {
        let plane = plane(channels: 3) { [noise($0, $1), noise($0, $1, 1), noise($0, $1, 2)] }
        for effort in PNGLosslessEncoder.Effort.allCases {
            let size = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: effort)).count
            #expect(try PNGLosslessEncoder.encode(plane, byteLimit: size, effort: effort)?.count == size)
            #expect(try PNGLosslessEncoder.encode(plane, byteLimit: size - 1, effort: effort) == nil)
        }
    }

    @Test("The estimate of an image with the same texture all over is near", arguments: [3, 4])
    func estimate(channels: Int) throws {
        let plane = Plane(width: 800, height: 1600, channels: channels)
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            var (x, index) = (0, 0)
            while x < plane.width {
                for channel in 0..<channels {
                    row[index] = UInt8((x / 3 + y / 5 + channel * 20) & 255) &+ noise(x, y, channel) & 7
                    index += 1
                }
                x += 1
            }
        }
        let size = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max)).count
        let estimate = try PNGLosslessEncoder.estimatedBytes(of: plane)
        #expect(abs(estimate - size) < size / 10)
    }
}

extension PNGLosslessEncoder {
    /// The file, or `nil` when it is over the limit, whatever the estimate says.
    static func encode(_ plane: Plane, byteLimit: Int, effort: Effort = .quick) throws(ImageError) -> [UInt8]? {
        let attempt = try attempt(
            plane, byteLimit: byteLimit, effort: effort, options: PNGEncoderOptions(), believed: .infinity)
        if case .fits(let bytes) = attempt { return bytes }
        return nil
    }

    /// The size by bands of rows alone.
    static func estimatedBytes(of plane: Plane) throws(ImageError) -> Int {
        let attempt = try attempt(plane, byteLimit: 1, effort: .quick, options: PNGEncoderOptions(), believed: 0)
        if case .tooLarge(let byteCount) = attempt { return byteCount }
        return 0
    }
}

extension PNGVerification {
    /// True when nothing is missing and nothing was complained about.
    var isSound: Bool { hasEnd && warnings.isEmpty }
}
