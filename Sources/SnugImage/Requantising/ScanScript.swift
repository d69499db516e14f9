// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The headers of a JPEG that is made of several Huffman scans: a progressive one, or a sequential one whose components
/// come one after the other.
struct ScanScript {
    struct Scan {
        /// In the order of the frame.
        var components: [Int]
        /// Entropy-coded data, restart markers included.
        var data: Range<Int>
        var layout: snug_stream_layout
        var dcTables: [snug_huffman_spec]
        var acTables: [snug_huffman_spec]
    }

    let layout: BlockLayout
    /// Of each component, in zigzag order.
    let steps: [[UInt16]]
    let scans: [Scan]
    /// The file ends without an end marker.
    let endsEarly: Bool

    /// - Returns: `nil` for every other kind of JPEG, and for one whose scans are too many, out of order, or cut off before
    ///   all bits of its coefficients are there: those are left to the library.
    static func read(_ source: ImageSource, limits: DecodingLimits) throws(ImageError) -> ScanScript? {
        var reader = JPEGSegmentReader(source)
        var tables = JPEGTables()
        var builder: ScanScriptBuilder?
        while let segment = try reader.next() {
            switch segment.marker {
            case 0xC0, 0xC1, 0xC2:
                guard builder == nil else { return nil }
                builder = ScanScriptBuilder(
                    try JPEGFrame(segment, payload: try reader.payload(segment)),
                    isProgressive: segment.marker == 0xC2)
                if builder == nil { return nil }
            case let marker where JPEGMarker.isFrame(marker): return nil
            case JPEGMarker.startOfScan:
                let start = segment.payload.upperBound
                guard let (end, marker) = try JPEGScanData.end(source, from: start),
                    (builder?.scans.count ?? 0) < limits.maximumScanCount,
                    builder?.add(try reader.payload(segment), tables: tables, data: start..<end) == true
                else { return nil }
                if marker == nil { return builder?.script(endsEarly: true) }
                reader.position = end
            case JPEGMarker.endOfImage: return builder?.script(endsEarly: false)
            // DNL: the height comes after the fact.
            case 0xDC: return nil
            default: guard try tables.read(segment, by: &reader) else { return nil }
            }
        }
        return builder?.script(endsEarly: true)
    }
}
