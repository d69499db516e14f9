// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The entropy-coded data behind a scan header.
enum JPEGScanData {
    /// Where the data end, and the marker there; none at the end of the file.
    static func end(
        _ source: ImageSource, from start: Int
    ) throws(ImageError) -> (end: Int, marker: UInt8?)? {
        var buffer = [UInt8](repeating: 0, count: min(1 << 16, max(source.byteCount, 2)))
        var offset = start
        while offset < source.byteCount {
            var span = buffer.mutableSpan
            let count = try source.read(at: offset, into: &span)
            guard count > 0 else { break }
            let found = unsafe buffer.withUnsafeBufferPointer { bytes in
                unsafe bytes.baseAddress.map { unsafe snug_scan_end($0, count) } ?? count
            }
            if found + 1 < count { return (offset + found, buffer[found + 1]) }
            if found == count {
                offset += count
            } else if count == 1 || found == 0 {
                break
            } else {
                offset += found
            }
        }
        return (source.byteCount, nil)
    }
}
