// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import SnugImage

/// The kernel that undoes PNG's filters, beside the specification and beside the kernel that applies them.
@Suite struct PNGUnfilterTests {
    private static let pixelSizes = [1, 2, 3, 4, 6, 8]

    /// PNG 1.2 §9.2, byte by byte.
    private func reference(_ filter: Int, _ filtered: [UInt8], above: [UInt8], pixelBytes: Int) -> [UInt8] {
        var row = filtered
        for index in row.indices {
            let left = index >= pixelBytes ? Int(row[index - pixelBytes]) : 0
            let up = Int(above[index])
            let corner = index >= pixelBytes ? Int(above[index - pixelBytes]) : 0
            let estimate = left + up - corner
            let (a, b, c) = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
            let paeth = a <= b && a <= c ? left : b <= c ? up : corner
            let predicted = [0, left, up, (left + up) / 2, paeth][filter]
            row[index] = UInt8((Int(filtered[index]) + predicted) & 255)
        }
        return row
    }

    /// A row without its filter, and what the padding behind it became.
    private func unfiltered(
        _ level: KernelLevel, _ filter: Int, _ filtered: [UInt8], above: [UInt8], pixelBytes: Int
    ) -> (row: [UInt8], padding: [UInt8]) {
        let padding = [UInt8](repeating: 0xA5, count: Int(SNUG_UNFILTER_PADDING))
        var row = filtered + padding
        unsafe snug_png_unfilter_row(level, Int32(filter), &row, above + padding, filtered.count, pixelBytes)
        return (Array(row.prefix(filtered.count)), Array(row.suffix(padding.count)))
    }

    @Test("Every filter, pixel size and width gives the specification's row at every level", arguments: pixelSizes)
    func specification(pixelBytes: Int) {
        var noise = SampleNoise(seed: UInt64(pixelBytes))
        for filter in 0...4 {
            for pixels in Array(1...20) + [33, 64, 257] {
                let count = pixels * pixelBytes
                let filtered = noise.bytes(count)
                let above = noise.bytes(count)
                let expected = reference(filter, filtered, above: above, pixelBytes: pixelBytes)
                for level in KernelLevel.available {
                    let result = unfiltered(level, filter, filtered, above: above, pixelBytes: pixelBytes)
                    #expect(result.row == expected, "filter \(filter), \(pixels) pixels, \(level)")
                    #expect(result.padding.allSatisfy { $0 == 0xA5 }, "filter \(filter), \(pixels) pixels, \(level)")
                }
            }
        }
    }

    @Test("What was filtered comes back", arguments: pixelSizes)
    func roundTrip(pixelBytes: Int) {
        var noise = SampleNoise(seed: 77)
        for filter in 0...4 {
            let row = noise.bytes(pixelBytes * 101)
            let above = noise.bytes(pixelBytes * 101)
            var filtered = [UInt8](repeating: 0, count: row.count)
            unsafe snug_png_filter_row(Int32(filter), row, above, row.count, pixelBytes, &filtered)
            for level in KernelLevel.available {
                #expect(unfiltered(level, filter, filtered, above: above, pixelBytes: pixelBytes).row == row)
            }
        }
    }

    @Test("Ties of the Paeth predictor go to the left, then above")
    func ties() {
        // Every order of three values, equal ones among them.
        for values in 0..<125 {
            let (left, up, corner) = (values % 5 * 60, values / 5 % 5 * 60, values / 25 * 60)
            let filtered = [UInt8](repeating: 0, count: 4)
            let first = [UInt8(left), UInt8(left)]
            for level in KernelLevel.available {
                let above = [UInt8(corner), UInt8(corner), UInt8(up), UInt8(up)]
                // The first pixel is made to be `left`: above it nothing else than the corner predicts.
                var row = filtered
                row[0] = first[0] &- above[0]
                row[1] = first[1] &- above[1]
                let expected = reference(4, row, above: above, pixelBytes: 2)
                #expect(expected.prefix(2) == first[...])
                #expect(unfiltered(level, 4, row, above: above, pixelBytes: 2).row == expected)
                let narrow = reference(4, [row[0], 0], above: [above[0], above[2]], pixelBytes: 1)
                #expect(
                    unfiltered(level, 4, [row[0], 0], above: [above[0], above[2]], pixelBytes: 1).row == narrow)
            }
        }
    }
}
