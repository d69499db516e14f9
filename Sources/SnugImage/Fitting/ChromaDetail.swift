// SPDX-License-Identifier: Apache-2.0

/// When full chroma resolution is worth its bytes: coloured text and lines, which half the resolution smears.
enum ChromaDetail {
    /// Side of the squares that are looked at one by one: text covers few of them, but those entirely.
    private static let square = 16
    /// Mean loss by subsampling in a square, in code values, from which on it shows.
    private static let visibleLoss = 6.0
    /// Share of squares with a visible loss from which on the whole image is better off at full resolution.
    private static let visibleShare = 0.02

    /// - Parameter raster: Three planes at full resolution.
    static func isWorthFullResolution(_ raster: Raster) -> Bool {
        guard raster.planes.count == 3, raster.shape.hasFullChroma else { return false }
        var visible = 0
        var squares = 0
        let (width, height) = (raster.shape.width, raster.shape.height)
        for top in stride(from: 0, to: height - 1, by: square) {
            for left in stride(from: 0, to: width - 1, by: square) {
                squares += 1
                let loss = raster.planes.dropFirst().reduce(0) {
                    max($0, Self.loss($1, left: left, top: top))
                }
                if loss >= visibleLoss { visible += 1 }
            }
        }
        return squares > 0 && Double(visible) >= Double(squares) * visibleShare
    }

    /// Mean absolute difference, in code values, between full chroma and the average of each 2×2 square.
    private static func loss(_ plane: Plane, left: Int, top: Int) -> Double {
        var sum = 0
        var count = 0
        for y in stride(from: top, to: min(top + square, plane.height - 1), by: 2) {
            let upper = plane.row(y)
            let lower = plane.row(y + 1)
            for x in stride(from: left, to: min(left + square, plane.width - 1), by: 2) {
                let values = (Int(upper[x]), Int(upper[x + 1]), Int(lower[x]), Int(lower[x + 1]))
                let mean = (values.0 + values.1 + values.2 + values.3 + 2) / 4
                sum += abs(values.0 - mean) + abs(values.1 - mean) + abs(values.2 - mean) + abs(values.3 - mean)
                count += 4
            }
        }
        return count > 0 ? Double(sum) / Double(count) : 0
    }

    /// Scale of the steps up to which full resolution, where it is there, looks best whatever the content.
    static let finestScale = 3.0

    /// Coefficients of a block that `across` by `down` samples cannot hold, and twice as many each way can.
    private static func lostPlaces(across: Double, down: Double) -> [Int] {
        Zigzag.naturalIndices.indices.filter {
            let (u, v) = (Double(Zigzag.naturalIndices[$0] % 8), Double(Zigzag.naturalIndices[$0] / 8))
            return (u >= across || v >= down) && u < 2 * across && v < 2 * down
        }
    }

    /// - Parameters:
    ///   - sample: Blocks with chroma at full resolution.
    ///   - steps: Of each component.
    static func isWorthFullResolution(_ sample: BlockSample, steps: [[UInt16]]) -> Bool {
        let share = visibleBlockShare(sample, steps: steps, lostPlaces: lostPlaces(across: 4, down: 4))
        return share.map { $0 >= visibleShare } ?? false
    }

    /// True when it is sure that chroma at half the resolution is enough for an output of a share of the image's side.
    ///
    /// Blocks are smaller than the squares that decide, and fewer of them count.
    static func isPlain(_ sample: BlockSample, steps: [[UInt16]], share: Double) -> Bool {
        let layout = sample.layout
        guard layout.components.count == 3 else { return true }
        let chroma = layout.components[1]
        let places = lostPlaces(
            across: 4 * share * Double(layout.horizontal) / Double(chroma.horizontal),
            down: 4 * share * Double(layout.vertical) / Double(chroma.vertical))
        let visible = visibleBlockShare(sample, steps: steps, lostPlaces: places)
        return visible.map { $0 < visibleShare / 2 } ?? false
    }

    /// The share of chroma blocks whose loss shows; `nil` without blocks.
    private static func visibleBlockShare(_ sample: BlockSample, steps: [[UInt16]], lostPlaces: [Int]) -> Double? {
        var visible = 0
        var blocks = 0
        for run in sample.runs {
            for component in 1..<sample.layout.components.count {
                for row in 0..<sample.layout.components[component].vertical {
                    let count = run.rows.capacity * sample.layout.components[component].horizontal
                    blocks += count
                    visible += unsafe run.rows.withBlocks(component: component, row: row) {
                        unsafe visibleBlocks(
                            UnsafeBufferPointer(start: $0, count: count * 64), steps: steps[component],
                            lostPlaces: lostPlaces)
                    }
                }
            }
        }
        return blocks > 0 ? Double(visible) / Double(blocks) : nil
    }

    /// Blocks that lose as much as a square with a visible loss, by the energy of what is lost.
    private static func visibleBlocks(
        _ coefficients: UnsafeBufferPointer<Int16>, steps: [UInt16], lostPlaces: [Int]
    ) -> Int {
        // A mean absolute difference of d is about an energy of 1.5 d² in each of the 64 samples.
        let visibleEnergy = Int(visibleLoss * visibleLoss * 1.5 * 64)
        var visible = 0
        for block in 0..<coefficients.count / 64 {
            var energy = 0
            for place in lostPlaces {
                let value = unsafe Int(coefficients[block * 64 + place]) * Int(steps[place])
                energy += value * value
            }
            if energy >= visibleEnergy { visible += 1 }
        }
        return visible
    }
}
