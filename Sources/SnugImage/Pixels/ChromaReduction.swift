// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Exact 2:1 averages for chroma subsampling.
///
/// Halves round up and down in turn along a row, so that a plane as a whole becomes neither lighter nor darker. The last
/// sample of an odd row, or a last row passed as both `upper` and `lower`, stands alone.
enum ChromaReduction {
    /// Averages neighbours (4:2:2): `row` is reduced to `(row.count + 1) / 2` samples.
    static func halveHorizontally(
        _ row: Span<UInt8>, into out: inout MutableSpan<UInt8>, level: KernelLevel = .best
    ) {
        let width = row.count
        precondition(out.count == (width + 1) / 2)
        unsafe RowConversion.withPointers(row, &out) { unsafe snug_halve_horizontally(level, $0, width, $1) }
    }

    /// Averages two rows (4:4:0).
    static func halveVertically(
        _ upper: Span<UInt8>, _ lower: Span<UInt8>, into out: inout MutableSpan<UInt8>, level: KernelLevel = .best
    ) {
        let count = out.count
        precondition(upper.count == count && lower.count == count)
        unsafe withPointers(upper, lower, &out) { unsafe snug_halve_vertically(level, $0, $1, count, $2) }
    }

    /// Averages squares of two rows (4:2:0) to `(upper.count + 1) / 2` samples.
    static func halveBoth(
        _ upper: Span<UInt8>, _ lower: Span<UInt8>, into out: inout MutableSpan<UInt8>, level: KernelLevel = .best
    ) {
        let width = upper.count
        precondition(lower.count == width && out.count == (width + 1) / 2)
        unsafe withPointers(upper, lower, &out) { unsafe snug_halve_both(level, $0, $1, width, $2) }
    }

    private static func withPointers(
        _ upper: Span<UInt8>, _ lower: Span<UInt8>, _ out: inout MutableSpan<UInt8>,
        _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
    ) {
        unsafe lower.withUnsafeBufferPointer { lower in
            guard let lower = lower.baseAddress else { return }
            unsafe RowConversion.withPointers(upper, &out) { unsafe body($0, lower, $1) }
        }
    }
}
