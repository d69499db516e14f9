// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Makes palettes of few colours for an image of many.
///
/// Cuts the exact colours of the image at their means, moves the entries to the middle of what they stand for, and keeps
/// dominant colours exact, so that flat areas stay as they are.
struct PaletteQuantiser {
    private static let meansRounds = 3
    /// Share of an entry's weight from which on its most frequent colour stands for all.
    private static let dominance: Float = 0.35
    /// Share of an entry's weight in opaque colours from which on it is opaque: a surface that lets a little through shows
    /// on any background, and an edge that lets nothing through does not.
    private static let opaqueShare: Float = 0.25

    private let histogram: ColourHistogram
    private let cancellation: CancellationFlag

    init(_ plane: Plane, cancellation: CancellationFlag) throws {
        try cancellation.check()
        histogram = ColourHistogram(of: plane)
        self.cancellation = cancellation
    }

    /// A palette of at most `count` colours.
    /// - Returns: The palette, and its colours as ``PNGPalette`` writes them.
    func palette(_ count: Int) throws -> (palette: ColourPalette, colours: [UInt32]) {
        var means = PaletteCuts(histogram, count: min(max(count, 1), 256)).means
        for _ in 0..<Self.meansRounds {
            try cancellation.check()
            means = moved(means)
        }
        return ColourPalette.rounded(snapped(means))
    }

    /// Each entry at the mean of the colours that are nearest to it.
    private func moved(_ means: [SIMD4<Float>]) -> [SIMD4<Float>] {
        var sums = [SIMD4<Double>](repeating: .zero, count: means.count)
        var weights = [Double](repeating: 0, count: means.count)
        for (entry, index) in zip(histogram.entries, ColourPalette(weighted: means).assign(histogram.entries)) {
            sums[Int(index)] += SIMD4<Double>(entry.colour) * Double(entry.weight)
            weights[Int(index)] += Double(entry.weight)
        }
        return means.indices.map { weights[$0] > 0 ? SIMD4<Float>(sums[$0] / weights[$0]) : means[$0] }
    }

    /// Each entry at the most frequent of its colours, where that one dominates, and opaque where many of them are.
    private func snapped(_ means: [SIMD4<Float>]) -> [SIMD4<Float>] {
        var heaviest = [(weight: Float, entry: Int)](repeating: (0, -1), count: means.count)
        var weights = [Float](repeating: 0, count: means.count)
        var opaqueWeights = weights
        let indices = ColourPalette(weighted: means).assign(histogram.entries)
        for (position, entry) in histogram.entries.enumerated() {
            let index = Int(indices[position])
            weights[index] += entry.weight
            if entry.colour[3] >= ColourHistogram.opaqueAlpha { opaqueWeights[index] += entry.weight }
            if entry.weight > heaviest[index].weight { heaviest[index] = (entry.weight, position) }
        }
        return means.indices.map { index in
            let (weight, position) = heaviest[index]
            if position >= 0, weight > Self.dominance * weights[index] { return histogram.entries[position].colour }
            let isOpaque = opaqueWeights[index] > Self.opaqueShare * weights[index]
            return isOpaque ? ColourHistogram.opaque(means[index]) : means[index]
        }
    }
}
