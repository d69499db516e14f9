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
        var tables = JPEGTables()
        var frame: JPEGFrame?
        while let segment = try reader.next() {
            switch segment.marker {
            case 0xC0, 0xC1:
                guard frame == nil else { return nil }
                frame = try JPEGFrame(segment, payload: try reader.payload(segment))
            case let marker where JPEGMarker.isFrame(marker): return nil
            case JPEGMarker.startOfScan:
                guard let frame else { return nil }
                return try make(
                    frame: frame, tables: tables, header: try reader.payload(segment),
                    dataStart: segment.payload.upperBound, source: source)
            case JPEGMarker.endOfImage: return nil
            default: guard try tables.read(segment, by: &reader) else { return nil }
            }
        }
        return nil
    }

    private static func make(
        frame: JPEGFrame, tables: JPEGTables, header: ByteView, dataStart: Int, source: ImageSource
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
            let entry = snug_stream_component(
                horizontal: Int32(layout.components[index].horizontal),
                vertical: Int32(layout.components[index].vertical), dc_table: Int32(selectors >> 4),
                ac_table: Int32(selectors & 15), dc_limit: JPEGTables.largestDC(steps: values))
            unsafe withUnsafeMutableBytes(of: &stream.components) {
                unsafe $0.bindMemory(to: snug_stream_component.self)[index] = entry
            }
        }
        guard let (end, marker) = try JPEGScanData.end(source, from: dataStart) else { return nil }
        // Another scan or a table behind it: not the only one. DNL gives the height after the fact.
        guard marker == nil || marker == JPEGMarker.endOfImage else { return nil }
        return SequentialScan(
            layout: layout, steps: steps, data: dataStart..<end, endsEarly: marker == nil, streamLayout: stream,
            dcTables: tables.dcList, acTables: tables.acList)
    }
}
