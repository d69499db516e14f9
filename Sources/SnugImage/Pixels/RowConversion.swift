// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Conversions of one row of samples to another.
///
/// Rows are as long as the pixels they hold; a mismatch is the caller's bug and traps. `level` is for tests: the result
/// is the same with each.
enum RowConversion {
    /// JFIF luma and chroma (full-range BT.601) of interleaved RGB, or of RGBX whose fourth sample is ignored.
    static func yCbCr(
        of pixels: Span<UInt8>, channels: Int, luma: inout MutableSpan<UInt8>, cb: inout MutableSpan<UInt8>,
        cr: inout MutableSpan<UInt8>, level: KernelLevel = .best
    ) {
        let count = luma.count
        precondition(channels == 3 || channels == 4)
        precondition(pixels.count == count * channels && cb.count == count && cr.count == count)
        unsafe pixels.withUnsafeBufferPointer { pixels in
            unsafe luma.withUnsafeMutableBufferPointer { luma in
                unsafe cb.withUnsafeMutableBufferPointer { cb in
                    unsafe cr.withUnsafeMutableBufferPointer { cr in
                        guard let pixels = pixels.baseAddress, let luma = luma.baseAddress,
                            let cb = cb.baseAddress, let cr = cr.baseAddress
                        else { return }
                        unsafe snug_rgb_to_ycbcr(level, pixels, Int32(channels), count, luma, cb, cr)
                    }
                }
            }
        }
    }

    /// Lays gray and alpha (2 channels) or RGBA (4) on an opaque colour, in the space the samples are in.
    ///
    /// - Parameter background: A gray is its first component.
    static func flatten(
        _ pixels: Span<UInt8>, channels: Int, onto background: RGBColour,
        into out: inout MutableSpan<UInt8>, level: KernelLevel = .best
    ) {
        precondition(channels == 2 || channels == 4)
        let count = out.count / (channels - 1)
        precondition(out.count == count * (channels - 1) && pixels.count == count * channels)
        let colour: [3 of UInt8] = [background.red, background.green, background.blue]
        let span = colour.span
        unsafe span.withUnsafeBufferPointer { colour in
            guard let colour = colour.baseAddress else { return }
            unsafe withPointers(pixels, &out) { unsafe snug_flatten_row(level, $0, Int32(channels), colour, count, $1) }
        }
    }

    /// Reverses the pixels of a row.
    static func mirror(
        _ row: Span<UInt8>, channels: Int, into out: inout MutableSpan<UInt8>, level: KernelLevel = .best
    ) {
        precondition((1...4).contains(channels) && row.count.isMultiple(of: channels) && row.count == out.count)
        let count = out.count / channels
        unsafe withPointers(row, &out) { unsafe snug_mirror_row(level, $0, Int32(channels), count, $1) }
    }

    static func withPointers<Sample>(
        _ row: Span<Sample>, _ out: inout MutableSpan<UInt8>,
        _ body: (UnsafePointer<Sample>, UnsafeMutablePointer<UInt8>) -> Void
    ) {
        unsafe row.withUnsafeBufferPointer { row in
            unsafe out.withUnsafeMutableBufferPointer { out in
                guard let row = row.baseAddress, let out = out.baseAddress else { return }
                unsafe body(row, out)
            }
        }
    }
}
