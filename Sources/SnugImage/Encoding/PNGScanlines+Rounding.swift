// SPDX-License-Identifier: Apache-2.0
import CKernels

extension PNGScanlines {
    /// The rows of a plane, rounded so that filters predict them: near-lossless, and smaller by a third to two thirds.
    ///
    /// Samples are off by half of `step` at most. Wholly opaque and wholly transparent stay so; the colours of the latter
    /// become whatever compresses best.
    /// - Parameters:
    ///   - reduction: To samples of 8 bits.
    ///   - step: 2 to 64.
    init(rounding plane: Plane, reduction: PNGReduction, step: Int, level: KernelLevel = .best) {
        precondition(reduction.layout.bits == 8 && (2...64).contains(step), "indices are not rounded")
        let channels = reduction.layout.channels
        let count = plane.width * channels
        var rounder = RowRounder(
            rounding: snug_rounding(width: plane.width, channels: Int32(channels), step: Int32(step)), count: count,
            level: level)
        width = plane.width
        height = plane.height
        layout = reduction.layout
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: (count + 1) * plane.height) { output, initialized in
            for y in 0..<plane.height {
                let line = unsafe UnsafeMutableBufferPointer(
                    rebasing: output[y * (count + 1)..<(y + 1) * (count + 1)])
                unsafe rounder.round(plane.row(y), reduction: reduction, into: line)
            }
            initialized = (count + 1) * plane.height
        }
    }
}

/// Rounds one row after the other.
private struct RowRounder {
    private let rounding: snug_rounding
    private let level: KernelLevel
    private var row: [UInt8]
    private var rounded: [UInt8]
    private var above: [UInt8]
    private var scratch: [UInt8]

    init(rounding: snug_rounding, count: Int, level: KernelLevel) {
        self.rounding = rounding
        self.level = level
        row = [UInt8](repeating: 0, count: count)
        rounded = row
        above = row
        scratch = [UInt8](repeating: 0, count: 2 * count)
    }

    /// Writes the filter and the residuals.
    @unsafe
    mutating func round(
        _ samples: Span<UInt8>, reduction: PNGReduction, into line: UnsafeMutableBufferPointer<UInt8>
    ) {
        var target = row.mutableSpan
        reduction.convert(samples, into: &target)
        swap(&rounded, &above)
        guard let start = line.baseAddress else { return }
        let filter = unsafe snug_png_round_row(level, rounding, row, above, &rounded, start + 1, &scratch)
        unsafe start.pointee = UInt8(truncatingIfNeeded: filter)
    }
}
