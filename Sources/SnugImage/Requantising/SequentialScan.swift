// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The headers of a JPEG that is one sequential Huffman scan of all its components.
struct SequentialScan {
    let layout: BlockLayout
    /// Of each component, in zigzag order.
    let steps: [[UInt16]]
    /// Entropy-coded data, restart markers included.
    let data: Range<Int>
    /// The file ends without an end marker.
    let endsEarly: Bool
    let streamLayout: snug_stream_layout
    let dcTables: [snug_huffman_spec]
    let acTables: [snug_huffman_spec]

    /// - Returns: `nil` for every other kind of JPEG: those are read by the library.
    static func read(_ source: ImageSource) throws(ImageError) -> SequentialScan? {
        var reader = JPEGSegmentReader(source)
        var tables = Tables()
        var frame: JPEGFrame?
        while let segment = try reader.next() {
            switch segment.marker {
            case 0xC0, 0xC1:
                guard frame == nil else { return nil }
                frame = try JPEGFrame(segment, payload: try reader.payload(segment))
            case let marker where JPEGMarker.isFrame(marker): return nil
            case 0xC4:
                guard tables.readHuffman(try reader.payload(segment)) else { return nil }
            case JPEGMarker.quantisationTables:
                guard tables.readSteps(try reader.payload(segment)) else { return nil }
            case JPEGMarker.restartInterval:
                guard let interval = try reader.payload(segment).u16(at: 0) else { return nil }
                tables.restartInterval = interval
            case JPEGMarker.startOfScan:
                guard let frame else { return nil }
                return try make(
                    frame: frame, tables: tables, header: try reader.payload(segment),
                    dataStart: segment.payload.upperBound, source: source)
            case JPEGMarker.endOfImage: return nil
            default: break
            }
        }
        return nil
    }

    private static func make(
        frame: JPEGFrame, tables: Tables, header: ByteView, dataStart: Int, source: ImageSource
    ) throws(ImageError) -> SequentialScan? {
        let count = frame.components.count
        guard frame.bitsPerSample == 8, count == 1 || count == 3, header.u8(at: 0) == count,
            header.u8(at: 1 + 2 * count) == 0, header.u8(at: 2 + 2 * count) == 63, header.u8(at: 3 + 2 * count) == 0
        else { return nil }
        let layout = BlockLayout(
            width: frame.width, height: frame.height,
            sampling: frame.components.map { ($0.horizontal, $0.vertical) })
        var stream = snug_stream_layout()
        stream.component_count = Int32(count)
        stream.mcus_across = Int32(layout.mcusAcross)
        stream.mcus_down = Int32(layout.mcusDown)
        stream.restart_interval = Int32(tables.restartInterval)
        var steps: [[UInt16]] = []
        for (index, component) in frame.components.enumerated() {
            // In the frame's order: others are legal, and so rare that the library may have them.
            guard header.u8(at: 1 + 2 * index) == component.identifier,
                let selectors = header.u8(at: 2 + 2 * index), let values = tables.steps[component.quantisationTable],
                tables.dc[selectors >> 4] != nil, tables.ac[selectors & 15] != nil
            else { return nil }
            steps.append(values)
            // A tenth more than a DC coefficient can be, a sum of 64 samples over 8 in steps: a flipped bit in a DC
            // difference moves all blocks behind it, which then leave the range where the image is light or dark.
            let largest = 1126 / Int32(values[0]) + 1
            let entry = snug_stream_component(
                horizontal: Int32(layout.components[index].horizontal),
                vertical: Int32(layout.components[index].vertical), dc_table: Int32(selectors >> 4),
                ac_table: Int32(selectors & 15), dc_limit: largest)
            unsafe withUnsafeMutableBytes(of: &stream.components) {
                unsafe $0.bindMemory(to: snug_stream_component.self)[index] = entry
            }
        }
        guard let (end, marker) = try scanEnd(source, from: dataStart) else { return nil }
        // Another scan or a table behind it: not the only one. DNL gives the height after the fact.
        guard marker == nil || marker == JPEGMarker.endOfImage else { return nil }
        let none = snug_huffman_spec()
        return SequentialScan(
            layout: layout, steps: steps, data: dataStart..<end, endsEarly: marker == nil, streamLayout: stream,
            dcTables: (0..<4).map { tables.dc[$0] ?? none }, acTables: (0..<4).map { tables.ac[$0] ?? none })
    }

    /// Where the data end, and the marker there; none at the end of the file.
    private static func scanEnd(
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

    /// Tables as the segments define them.
    private struct Tables {
        var steps: [Int: [UInt16]] = [:]
        var dc: [Int: snug_huffman_spec] = [:]
        var ac: [Int: snug_huffman_spec] = [:]
        var restartInterval = 0

        /// ITU-T T.81 B.2.4.1. Steps that a baseline output cannot have are left to the library.
        mutating func readSteps(_ payload: ByteView) -> Bool {
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
        mutating func readHuffman(_ payload: ByteView) -> Bool {
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
    }
}
