// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport

/// Images for requests, made without the engine's own encoders.
enum TestImage {
    /// A PNG of noise, which nothing compresses.
    static func noise(width: Int, height: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var rows: [UInt8] = []
        rows.reserveCapacity((width * 3 + 1) * height)
        for _ in 0..<height {
            rows.append(0)
            for _ in 0..<(width * 3) { rows.append(UInt8.random(in: 0...255, using: &random)) }
        }
        return PNGBuilder.signature + PNGBuilder.header(width: UInt32(width), height: UInt32(height))
            + PNGBuilder.chunk("IDAT", PNGBuilder.zlib(rows)) + PNGBuilder.chunk("IEND")
    }

    /// An even image.
    static let small = PNGBuilder(width: 16, height: 8).bytes
}
