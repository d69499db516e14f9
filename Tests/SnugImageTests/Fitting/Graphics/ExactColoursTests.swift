// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// PNGs without a palette whose pixels have the colours of one, or their own.
@Suite struct ExactColoursTests {
    private typealias Fitted = (fit: PaletteFit, candidate: PaletteFit.Candidate)

    private func palette(_ plane: Plane, limit: Int) throws -> Fitted? {
        let fit = try PaletteFit(FitContext.drawn(plane, byteLimit: limit)) { _, _ in PNGEncoderOptions() }
        guard case .fits(let candidate) = try fit.mostColours(plane, of: 257) else { return nil }
        return (fit, candidate)
    }

    private func lossless(_ plane: Plane) throws -> Int {
        try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: .thorough)).count
    }

    private func colour(_ plane: Plane, _ x: Int, _ y: Int) -> UInt32 {
        let colour = PNGColourCensus.colour(of: plane.row(y), at: x * plane.channels, channels: plane.channels)
        return colour & 255 == 0 ? 0 : colour
    }

    @Test("Each pixel has its own colour or that of the palette, and the limit is used", arguments: [2, 3, 4])
    func pixels(channels: Int) throws {
        let plane = DrawnImage.scene(width: 160, height: 120, channels: channels, grain: 6)
        let limit = try lossless(plane) * 9 / 10
        let (fit, candidate) = try #require(try palette(plane, limit: limit))
        let (found, encodes) = try ExactColours(candidate, fit: fit).encode()
        let encoded = try #require(found)
        #expect(encoded.bytes.count <= limit && encoded.bytes.count >= limit * 95 / 100 && encodes <= 2)
        let output = try DrawnImage.decoded(encoded.bytes)
        let indexed = try DrawnImage.decoded(candidate.encoded.bytes)
        var own = 0
        for y in 0..<plane.height {
            for x in 0..<plane.width where colour(output, x, y) != colour(indexed, x, y) {
                own += 1
                #expect(colour(output, x, y) == colour(plane, x, y))
            }
        }
        #expect(own > 0)
    }

    @Test("Nothing is made where the palette's colours take too much without a palette")
    func tooLarge() throws {
        let plane = DrawnImage.scene(width: 160, height: 120, grain: 6)
        let (_, candidate) = try #require(try palette(plane, limit: lossless(plane)))
        let (fit, same) = try #require(try palette(plane, limit: candidate.encoded.bytes.count + 100))
        let (found, encodes) = try ExactColours(same, fit: fit).encode()
        #expect(found == nil && encodes == 0)
    }
}
