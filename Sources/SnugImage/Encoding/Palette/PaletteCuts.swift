// SPDX-License-Identifier: Apache-2.0

/// Splits the colours of an image into boxes, each cut at its mean along its widest axis.
struct PaletteCuts {
    private struct Box {
        var range: Range<Int>
        var mean = SIMD4<Float>()
        var axis = 0
        /// Variance over all axes times weight: the box with the most is cut next.
        var spread = 0.0

        init(_ range: Range<Int>, of histogram: ColourHistogram) {
            self.range = range
            var weight = 0.0
            var sum = SIMD4<Double>()
            var squares = SIMD4<Double>()
            for index in range {
                let entry = histogram.entries[index]
                let colour = SIMD4<Double>(entry.colour)
                weight += Double(entry.weight)
                sum += colour * Double(entry.weight)
                squares += colour * colour * Double(entry.weight)
            }
            guard weight > 0 else { return }
            let mean = sum / weight
            let variance = (squares / weight - mean * mean).clamped(
                lowerBound: .zero, upperBound: SIMD4(repeating: .infinity))
            self.mean = SIMD4<Float>(mean)
            for candidate in 1..<4 where variance[candidate] > variance[axis] { axis = candidate }
            spread = variance.sum() * weight
        }
    }

    private var boxes: [Box]
    private var histogram: ColourHistogram

    /// Cuts until there are `count` boxes, or none has more than one colour.
    init(_ histogram: ColourHistogram, count: Int) {
        self.histogram = histogram
        boxes = [Box(0..<histogram.entries.count, of: histogram)]
        while boxes.count < count {
            let candidates = boxes.indices.filter { boxes[$0].range.count > 1 && boxes[$0].spread > 0 }
            guard let widest = candidates.max(by: { boxes[$0].spread < boxes[$1].spread }) else { break }
            cut(widest)
        }
    }

    private mutating func cut(_ index: Int) {
        let box = boxes[index]
        let middle = histogram.partition(box.range, axis: box.axis, cut: box.mean[box.axis])
        guard middle > box.range.lowerBound, middle < box.range.upperBound else {
            // Rounding put the mean at the edge: the colours are as good as equal.
            boxes[index].spread = 0
            return
        }
        boxes[index] = Box(box.range.lowerBound..<middle, of: histogram)
        boxes.append(Box(middle..<box.range.upperBound, of: histogram))
    }

    /// The mean of each box.
    var means: [SIMD4<Float>] { boxes.map(\.mean) }
}
