// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// A JPEG's quantisation and Huffman tables, and its restart interval, as the segments up to a scan define them.
struct JPEGTables {
    var steps: [Int: [UInt16]] = [:]
    var dc: [Int: snug_huffman_spec] = [:]
    var ac: [Int: snug_huffman_spec] = [:]
    var restartInterval = 0

    /// Takes over what a segment defines.
    /// - Returns: False for tables that are not used here.
    mutating func read(_ segment: JPEGSegment, by reader: inout JPEGSegmentReader) throws(ImageError) -> Bool {
        switch segment.marker {
        case 0xC4: return readHuffman(try reader.payload(segment))
        case JPEGMarker.quantisationTables: return readSteps(try reader.payload(segment))
        case JPEGMarker.restartInterval:
            guard let interval = try reader.payload(segment).u16(at: 0) else { return false }
            restartInterval = interval
            return true
        default: return true
        }
    }

    /// ITU-T T.81 B.2.4.1. Steps that a baseline output cannot have are left to the library.
    private mutating func readSteps(_ payload: ByteView) -> Bool {
        var offset = 0
        while let head = payload.u8(at: offset) {
            let width = head >> 4 + 1
            let values = (0..<64).compactMap { index in
                width == 1 ? payload.u8(at: offset + 1 + index) : payload.u16(at: offset + 1 + 2 * index)
            }
            guard width <= 2, head & 15 <= 3, values.count == 64, values.allSatisfy({ (1...255).contains($0) })
            else { return false }
            steps[head & 15] = values.map { UInt16($0) }
            offset += 1 + 64 * width
        }
        return true
    }

    /// ITU-T T.81 B.2.4.2.
    private mutating func readHuffman(_ payload: ByteView) -> Bool {
        var offset = 0
        while let head = payload.u8(at: offset) {
            let counts = (0..<16).compactMap { payload.u8(at: offset + 1 + $0) }
            let total = counts.reduce(0, +)
            let symbols = (0..<total).compactMap { payload.u8(at: offset + 17 + $0) }
            guard head >> 4 <= 1, head & 15 <= 3, counts.count == 16, total <= 256, symbols.count == total
            else { return false }
            var table = snug_huffman_spec()
            unsafe withUnsafeMutableBytes(of: &table.counts) { target in
                for index in 0..<16 { unsafe target[index] = UInt8(counts[index]) }
            }
            unsafe withUnsafeMutableBytes(of: &table.symbols) { target in
                for index in 0..<total { unsafe target[index] = UInt8(symbols[index]) }
            }
            if head >> 4 == 0 { dc[head & 15] = table } else { ac[head & 15] = table }
            offset += 17 + total
        }
        return true
    }

    /// The four tables of each kind; those that are not defined have no codes.
    var dcList: [snug_huffman_spec] { (0..<4).map { dc[$0] ?? snug_huffman_spec() } }
    var acList: [snug_huffman_spec] { (0..<4).map { ac[$0] ?? snug_huffman_spec() } }

    /// The largest magnitude of a DC coefficient, in steps, that is not nonsense.
    ///
    /// A tenth more than one can be, a sum of 64 samples over 8 in steps: a flipped bit in a DC difference moves all blocks
    /// behind it, which then leave the range where the image is light or dark.
    static func largestDC(steps: [UInt16]) -> Int32 { 1126 / Int32(max(steps.first ?? 1, 1)) + 1 }
}
