// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Resizes a stream of rows, one axis at a time, by any ratio up or down.
///
/// Rows go in one by one and come out as soon as they are finished, so memory is a ring of as many target-wide rows as
/// the filter is tall. Pixels are squares with centres at half coordinates; edges are not blended with anything.
/// The arithmetic is fixed point with one clamp at the end, and the same on every processor.
struct PlaneResampler: ~Copyable {
    private let sourceWidth: Int
    private let sourceHeight: Int
    private let channels: Int
    private let alpha: AlphaHandling
    private let level: KernelLevel
    /// Same size and extent: rows pass through as they are.
    private let isIdentity: Bool
    private let columns: AxisWeights
    private let rows: AxisWeights
    private let samplesPerRow: Int
    private let ringStride: Int
    private var ring: AlignedSamples<Int16>
    /// The source row with room behind it for loads that reach too far, as bytes or premultiplied.
    private var padded: AlignedSamples<UInt8>
    private var premultiplied: AlignedSamples<Int16>
    private var sums: AlignedSamples<Int32>
    private var output: AlignedSamples<UInt8>
    private var rowsPushed = 0
    private var rowsEmitted = 0

    /// Prepares to resize a plane.
    ///
    /// - Parameters:
    ///   - channels: Interleaved samples of a pixel, 1–4; 2 or 4 when `alpha` is `.last`.
    ///   - extent: What the target covers; the whole source when `nil`.
    ///   - level: The instruction set, the processor's best by default; the result is the same with each.
    init(
        sourceWidth: Int, sourceHeight: Int, channels: Int, targetWidth: Int, targetHeight: Int,
        extent: SourceExtent? = nil, alpha: AlphaHandling = .none, level: KernelLevel = .best
    ) {
        precondition((1...4).contains(channels) && (alpha == .none || channels.isMultiple(of: 2)))
        let whole = SourceExtent(width: Double(sourceWidth), height: Double(sourceHeight))
        let extent = extent ?? whole
        self.sourceWidth = sourceWidth
        self.sourceHeight = sourceHeight
        self.channels = channels
        self.alpha = alpha
        self.level = level
        isIdentity = extent == whole && targetWidth == sourceWidth && targetHeight == sourceHeight
        columns = AxisWeights(
            sourceCount: sourceWidth, targetCount: targetWidth, origin: extent.x, length: extent.width,
            tapMultiple: channels == 1 ? 16 : 4)
        rows = AxisWeights(
            sourceCount: sourceHeight, targetCount: targetHeight, origin: extent.y, length: extent.height,
            tapMultiple: 2)
        samplesPerRow = targetWidth * channels
        ringStride = (samplesPerRow + 31) & ~31
        ring = AlignedSamples(count: ringStride * rows.reach)
        let sourceSamples = (sourceWidth + columns.taps) * channels + SNUG_SOURCE_PADDING
        padded = AlignedSamples(count: alpha == .none ? sourceSamples : 0)
        premultiplied = AlignedSamples(count: alpha == .none ? 0 : sourceSamples)
        sums = AlignedSamples(count: alpha == .none ? 0 : samplesPerRow)
        output = AlignedSamples(count: samplesPerRow)
    }

    /// Takes the next source row and hands over the target rows that it completes, in order, with their index.
    ///
    /// After the last source row all target rows have been handed over.
    /// - Throws: What `emit` throws.
    mutating func push(
        _ row: Span<UInt8>, emit: (Int, Span<UInt8>) throws(ImageError) -> Void
    ) throws(ImageError) {
        precondition(row.count == sourceWidth * channels && rowsPushed < sourceHeight)
        if isIdentity {
            rowsPushed += 1
            rowsEmitted += 1
            return try emit(rowsEmitted - 1, row)
        }
        resampleColumns(of: row)
        rowsPushed += 1
        while rowsEmitted < rows.count, rows.ends[rowsEmitted] <= rowsPushed {
            weighRows(for: rowsEmitted)
            rowsEmitted += 1
            try emit(rowsEmitted - 1, output.span)
        }
    }

    /// Puts the row, resampled to the target's width, into its slot of the ring.
    private mutating func resampleColumns(of row: Span<UInt8>) {
        let slot = rowsPushed % rows.reach * ringStride
        let (channels, level, width) = (Int32(channels), level, sourceWidth)
        unsafe columns.withAxis { axis in
            if alpha == .none {
                unsafe padded.withMutablePointer { padded in
                    unsafe row.withUnsafeBufferPointer {
                        unsafe padded.update(from: $0.baseAddress.unsafelyUnwrapped, count: $0.count)
                    }
                    unsafe ring.withMutablePointer {
                        unsafe snug_resample_row_u8(level, padded, channels, axis, $0 + slot)
                    }
                }
            } else {
                unsafe premultiplied.withMutablePointer { premultiplied in
                    unsafe row.withUnsafeBufferPointer {
                        unsafe snug_premultiply_row(
                            level, $0.baseAddress.unsafelyUnwrapped, channels, width, premultiplied)
                    }
                    unsafe ring.withMutablePointer {
                        unsafe snug_resample_row_s16(level, premultiplied, channels, axis, $0 + slot)
                    }
                }
            }
        }
    }

    /// Makes target row `y` in `output` of the rows in the ring.
    private mutating func weighRows(for y: Int) {
        let first = Int32(Int(rows.starts.span[y]) % rows.reach)
        let (level, count, channels) = (level, samplesPerRow, Int32(channels))
        let (stride, slots, taps) = (ringStride, Int32(rows.reach), Int32(rows.taps))
        unsafe ring.withPointer { ring in
            let ring = unsafe snug_row_ring(rows: ring, stride: stride, slots: slots, first: first)
            unsafe rows.weights.withPointer { weights in
                let weights = unsafe weights + y * Int(taps)
                unsafe output.withMutablePointer { output in
                    if alpha == .none {
                        unsafe snug_weigh_rows_u8(level, ring, weights, taps, count, output)
                    } else {
                        unsafe sums.withMutablePointer { sums in
                            unsafe snug_weigh_rows_s32(level, ring, weights, taps, count, sums)
                            unsafe snug_unpremultiply_row(sums, channels, count / Int(channels), output)
                        }
                    }
                }
            }
        }
    }
}

extension AxisWeights {
    /// Lends the weights to a kernel.
    fileprivate func withAxis(_ body: (snug_axis_weights) -> Void) {
        unsafe starts.withPointer { starts in
            unsafe weights.withPointer { weights in
                unsafe body(
                    snug_axis_weights(
                        starts: starts, weights: weights, taps: Int32(taps), count: Int32(count)))
            }
        }
    }
}
