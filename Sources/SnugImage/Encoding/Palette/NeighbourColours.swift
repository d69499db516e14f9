// SPDX-License-Identifier: Apache-2.0

/// Gives pixels the palette entry of a neighbour where that is hardly further from their own colour: longer runs, which
/// take fewer bytes.
struct NeighbourColours {
    private let entries: [SIMD4<Float>]
    private let tolerance: Float
    /// The weight of each channel.
    private let weights = ColourHistogram.weighted([255, 255, 255, 255]) / 255

    /// - Parameters:
    ///   - colours: Of the palette, as ``PNGPalette`` writes them.
    ///   - tolerance: Squared distance that a pixel may lose, in the space of ``ColourHistogram/weighted(_:)``.
    init(_ colours: [UInt32], tolerance: Float) {
        entries = colours.map { colour in
            ColourHistogram.weighted([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> UInt32($0)) })
        }
        self.tolerance = tolerance
    }

    /// - Parameters:
    ///   - indices: Changed in place.
    ///   - plane: The pixels that they stand for.
    func apply(to indices: Plane, of plane: Plane) {
        let channels = plane.channels
        for y in 0..<indices.height {
            let samples = plane.row(y)
            var row = indices.mutableRow(y)
            for x in 1..<max(indices.width, 1) where row[x] != row[x - 1] {
                let colour = PNGColourCensus.colour(of: samples, at: x * channels, channels: channels)
                let own = weighted(colour)
                let allowed = distance(own, row[x]) + tolerance
                if distance(own, row[x - 1]) <= allowed {
                    row[x] = row[x - 1]
                } else if y > 0, indices.row(y - 1)[x] != row[x],
                    distance(own, indices.row(y - 1)[x]) <= allowed
                {
                    row[x] = indices.row(y - 1)[x]
                }
            }
        }
    }

    /// The squared distance of each pixel of a row from its entry.
    func distances(of indices: Span<UInt8>, from samples: Span<UInt8>, channels: Int) -> [Float] {
        var distances: [Float] = []
        distances.reserveCapacity(indices.count)
        var last: (colour: UInt32, index: UInt8)?
        for x in indices.indices {
            let colour = PNGColourCensus.colour(of: samples, at: x * channels, channels: channels)
            if let last, last == (colour, indices[x]) {
                distances.append(distances[x - 1])
            } else {
                last = (colour, indices[x])
                distances.append(distance(weighted(colour), indices[x]))
            }
        }
        return distances
    }

    private func weighted(_ colour: UInt32) -> SIMD4<Float> {
        let alpha = Float(colour & 255)
        let channels = SIMD4<Float>(Float(colour >> 24), Float(colour >> 16 & 255), Float(colour >> 8 & 255), 255)
        return channels * weights * (alpha / 255)
    }

    private func distance(_ colour: SIMD4<Float>, _ index: UInt8) -> Float {
        let difference = colour - entries[Int(index)]
        return (difference * difference).sum()
    }
}
