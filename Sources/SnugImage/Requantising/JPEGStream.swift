// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The decoder of a scan's entropy-coded data.
enum JPEGStream {
    /// - Returns: A decoder for the caller to free; `nil` when the tables or the layout are not for it.
    static func create(
        _ layout: snug_stream_layout, dcTables: [snug_huffman_spec], acTables: [snug_huffman_spec]
    ) throws(ImageError) -> OpaquePointer? {
        var layout = layout
        var status = snug_stream_status.ok
        let created = unsafe dcTables.withUnsafeBufferPointer { dc -> OpaquePointer? in
            unsafe acTables.withUnsafeBufferPointer { ac -> OpaquePointer? in
                guard let dc = dc.baseAddress, let ac = ac.baseAddress else { return nil }
                return unsafe snug_stream_create(&layout, dc, ac, &status)
            }
        }
        if unsafe created == nil, status == .outOfMemory {
            throw ImageError(.memoryExceeded, "no memory for a JPEG decoder; run fewer jobs at once")
        }
        return unsafe created
    }
}
