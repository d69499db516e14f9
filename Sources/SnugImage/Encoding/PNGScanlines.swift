// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The rows of a PNG as they go into deflate: packed, and each with its filter in front.
struct PNGScanlines {
    /// The choice of filters.
    enum Filtering: Sendable, Hashable, CaseIterable {
        /// None: best for palettes, low bit depths and most graphics.
        case none
        /// Row by row the one that leaves the fewest distinct pairs of bytes.
        case fewestPairs
    }

    let width: Int
    let height: Int
    let layout: PNGLayout
    let bytes: [UInt8]

    /// - Parameters:
    ///   - rows: The rows of `plane` to take, in order; `nil` for all.
    ///   - reduction: How the plane's rows become rows of `layout`; `nil` when they are that already.
    init(
        _ plane: Plane, rows: [Int]? = nil, layout: PNGLayout, reduction: PNGReduction? = nil, filtering: Filtering
    ) {
        let channelBits = layout.channels * layout.bits
        width = reduction == nil ? plane.width * plane.channels / layout.channels : plane.width
        height = rows?.count ?? plane.height
        self.layout = layout
        let packedCount = (width * channelBits + 7) / 8
        var packer = RowPacker(layout, rowByteCount: layout.rowByteCount(width: width), packedCount: packedCount)
        let count = height
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: (packedCount + 1) * count) { output, initialized in
            for index in 0..<count {
                let row = plane.row(rows?[index] ?? index)
                packer.take(row, reduction: reduction)
                let line = unsafe UnsafeMutableBufferPointer(
                    rebasing: output[index * (packedCount + 1)..<(index + 1) * (packedCount + 1)])
                unsafe packer.write(into: line, filtering: filtering, pixelBytes: max(channelBits / 8, 1))
            }
            initialized = (packedCount + 1) * count
        }
    }
}

/// Converts, packs and filters one row after the other.
private struct RowPacker {
    private let layout: PNGLayout
    private var converted: [UInt8]
    private var packed: [UInt8]
    private var above: [UInt8]
    private var scratch: [UInt8]

    init(_ layout: PNGLayout, rowByteCount: Int, packedCount: Int) {
        self.layout = layout
        converted = [UInt8](repeating: 0, count: rowByteCount)
        packed = [UInt8](repeating: 0, count: packedCount)
        above = packed
        scratch = packed
    }

    mutating func take(_ row: Span<UInt8>, reduction: PNGReduction?) {
        swap(&packed, &above)
        var target = converted.mutableSpan
        if let reduction, reduction.changesRows {
            reduction.convert(row, into: &target)
        } else {
            target.copy(from: row)
        }
        if layout.bits == 8 {
            swap(&packed, &converted)
        } else {
            Self.pack(converted, bits: layout.bits, into: &packed)
        }
    }

    private static func pack(_ indices: [UInt8], bits: Int, into packed: inout [UInt8]) {
        unsafe indices.withUnsafeBufferPointer { indices in
            unsafe packed.withUnsafeMutableBufferPointer { packed in
                guard let from = indices.baseAddress, let to = packed.baseAddress else { return }
                unsafe snug_png_pack_row(from, indices.count, Int32(bits), to)
            }
        }
    }

    /// Writes the filter and the filtered row.
    @unsafe
    mutating func write(
        into line: UnsafeMutableBufferPointer<UInt8>, filtering: PNGScanlines.Filtering, pixelBytes: Int
    ) {
        unsafe Self.filter(
            packed, above: above, scratch: &scratch, filtering: filtering, pixelBytes: pixelBytes, into: line)
    }

    @unsafe
    private static func filter(
        _ row: [UInt8], above: [UInt8], scratch: inout [UInt8], filtering: PNGScanlines.Filtering, pixelBytes: Int,
        into line: UnsafeMutableBufferPointer<UInt8>
    ) {
        unsafe row.withUnsafeBufferPointer { bytes in
            unsafe above.withUnsafeBufferPointer { above in
                unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                    guard let start = line.baseAddress, let row = bytes.baseAddress, let last = above.baseAddress,
                        let room = scratch.baseAddress
                    else { return }
                    switch filtering {
                    case .none:
                        unsafe start.pointee = 0
                        unsafe snug_png_filter_row(0, row, last, bytes.count, pixelBytes, start + 1)
                    case .fewestPairs:
                        let filter = unsafe snug_png_filter_row_by_pairs(
                            row, last, bytes.count, pixelBytes, room, start + 1)
                        unsafe start.pointee = UInt8(truncatingIfNeeded: filter)
                    }
                }
            }
        }
    }
}
