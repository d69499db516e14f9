// SPDX-License-Identifier: Apache-2.0
import CKernels
import SnugSystem

/// Replaces the pixels of an image by entries of a palette.
struct PaletteMapper {
    private let palette: ColourPalette
    private let cancellation: CancellationFlag

    init(_ palette: ColourPalette, cancellation: CancellationFlag) {
        self.palette = palette
        self.cancellation = cancellation
    }

    /// - Parameter dithers: Diffuses the errors, in alternating directions.
    /// - Returns: A plane of indices.
    func map(_ plane: Plane, dithers: Bool) throws -> Plane {
        let indices = Plane(width: plane.width, height: plane.height)
        let slots = 1 << Int(SNUG_PALETTE_CACHE_BITS)
        var keys = [UInt64](repeating: 0, count: slots)
        var cached = [UInt8](repeating: 0, count: slots)
        let errorCount = dithers ? (plane.width + 2) * 4 : 0
        var errors = [Float](repeating: 0, count: errorCount)
        var next = errors
        for y in 0..<plane.height {
            if y % 64 == 0 { try cancellation.check() }
            unsafe keys.withUnsafeMutableBufferPointer { keys in
                unsafe cached.withUnsafeMutableBufferPointer { cached in
                    guard let keys = keys.baseAddress, let cached = cached.baseAddress else { return }
                    let cache = unsafe snug_palette_cache(keys: keys, indices: cached)
                    if dithers {
                        unsafe dither(plane, y, cache: cache, errors: &errors, next: &next, into: indices)
                    } else {
                        unsafe map(plane, y, cache: cache, into: indices)
                    }
                }
            }
            swap(&errors, &next)
        }
        return indices
    }

    @unsafe
    private func map(_ plane: Plane, _ y: Int, cache: snug_palette_cache, into indices: Plane) {
        unsafe palette.withTable { table in
            unsafe plane.withSamples { samples in
                unsafe indices.withSamples { out in
                    unsafe snug_map_row(
                        .best, table, cache, samples + y * plane.stride, Int32(plane.channels), plane.width,
                        out + y * indices.stride)
                }
            }
        }
    }

    @unsafe
    private func dither(
        _ plane: Plane, _ y: Int, cache: snug_palette_cache, errors: inout [Float], next: inout [Float],
        into indices: Plane
    ) {
        unsafe errors.withUnsafeMutableBufferPointer { errors in
            unsafe next.withUnsafeMutableBufferPointer { next in
                guard let here = errors.baseAddress, let below = next.baseAddress else { return }
                unsafe palette.withTable { table in
                    unsafe plane.withSamples { samples in
                        unsafe indices.withSamples { out in
                            unsafe snug_dither_row(
                                .best, table, cache, samples + y * plane.stride, Int32(plane.channels), plane.width,
                                y % 2 == 1, here, below, out + y * indices.stride)
                        }
                    }
                }
            }
        }
    }
}
