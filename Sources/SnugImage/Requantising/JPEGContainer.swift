// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// Everything of a JPEG file around its entropy-coded data.
struct JPEGContainer {
    /// One scan of the output.
    private struct Scan {
        var components: [Int]
        var tables: [snug_table_role]
        var first: UInt8
        var last: UInt8
        /// Successive approximation, high and low.
        var approximation: UInt8
        /// The coder's stream.
        var stream: Int
    }

    let layout: BlockLayout
    let isProgressive: Bool
    /// Of each component, in zigzag order.
    let steps: [[UInt16]]
    let segments: [MetadataSegment]

    /// Bytes of the file apart from entropy-coded data.
    func headerByteCount(_ tables: CodeTables) -> Int {
        var bytes = header()
        for scan in scans() { appendScanHeader(scan, tables: tables, to: &bytes) }
        return bytes.count + 2
    }

    /// Bytes of the whole file once the coder has finished.
    func byteCount(_ coder: borrowing BlockCoder, tables: CodeTables) -> Int {
        var count = headerByteCount(tables)
        for scan in scans() { count += coder.scanSize(scan.stream) }
        return count
    }

    /// The file. Takes the scans out of the coder.
    func bytes(_ coder: inout BlockCoder, tables: CodeTables) -> [UInt8] {
        let count = byteCount(coder, tables: tables)
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            func append(_ bytes: [UInt8]) {
                unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    .copyBytes(from: bytes)
                filled += bytes.count
            }
            append(header())
            for scan in scans() {
                var scanHeader: [UInt8] = []
                appendScanHeader(scan, tables: tables, to: &scanHeader)
                append(scanHeader)
                precondition(filled + coder.scanSize(scan.stream) <= count, "a scan grew")
                if let base = buffer.baseAddress { filled += unsafe coder.move(scan.stream, to: base + filled) }
            }
            append([0xFF, JPEGMarker.endOfImage])
        }
    }

    private func header() -> [UInt8] {
        var bytes: [UInt8] = [0xFF, JPEGMarker.startOfImage]
        append(0xE0, [0x4A, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0], to: &bytes)
        for segment in segments { append(segment.marker, segment.payload, to: &bytes) }
        for table in 0..<min(layout.components.count, 2) {
            append(JPEGMarker.quantisationTables, [UInt8(table)] + steps[table].map { UInt8(clamping: $0) }, to: &bytes)
        }
        var frame: [UInt8] = [8]
        for side in [layout.height, layout.width] { frame += [UInt8(side >> 8 & 255), UInt8(side & 255)] }
        frame.append(UInt8(layout.components.count))
        for (index, component) in layout.components.enumerated() {
            frame += [UInt8(index + 1), UInt8(component.horizontal << 4 | component.vertical), index > 0 ? 1 : 0]
        }
        append(isProgressive ? 0xC2 : 0xC0, frame, to: &bytes)
        return bytes
    }

    private func appendScanHeader(_ scan: Scan, tables: CodeTables, to bytes: inout [UInt8]) {
        for role in scan.tables {
            let table = tables.definition(role)
            append(0xC4, [Self.identifier(role)] + table.counts + table.symbols, to: &bytes)
        }
        var payload: [UInt8] = [UInt8(scan.components.count)]
        for component in scan.components { payload += [UInt8(component + 1), component > 0 ? 0x11 : 0] }
        payload += [scan.first, scan.last, scan.approximation]
        append(JPEGMarker.startOfScan, payload, to: &bytes)
    }

    /// Class and number of a table.
    private static func identifier(_ role: snug_table_role) -> UInt8 {
        switch role {
        case .dcLuma: 0x00
        case .dcChroma: 0x01
        case .acLuma, .acLumaHigh, .acLumaRefinement: 0x10
        case .acChroma, .acChromaRefinement: 0x11
        }
    }

    private func append(_ marker: UInt8, _ payload: [UInt8], to bytes: inout [UInt8]) {
        let length = payload.count + 2
        bytes += [0xFF, marker, UInt8(length >> 8 & 255), UInt8(length & 255)]
        bytes += payload
    }

    private func scans() -> [Scan] {
        let all = Array(layout.components.indices)
        let hasChroma = all.count > 1
        guard isProgressive else {
            return [
                Scan(
                    components: all, tables: [.dcLuma, .acLuma] + (hasChroma ? [.dcChroma, .acChroma] : []), first: 0,
                    last: 63, approximation: 0, stream: 0)
            ]
        }
        func ac(_ component: Int, _ role: snug_table_role, _ range: ClosedRange<UInt8>, part: Int) -> Scan {
            Scan(
                components: [component], tables: [role], first: range.lowerBound, last: range.upperBound,
                approximation: part == 2 ? 0x10 : 0x01, stream: 1 + 3 * component + part)
        }
        let chroma = all.dropFirst()
        // Chroma uses one table for both components: only the first of them defines it.
        func onlyFirst(_ scan: Scan) -> Scan {
            var scan = scan
            if scan.components[0] > 1 { scan.tables = [] }
            return scan
        }
        return [
            Scan(
                components: all, tables: [.dcLuma] + (hasChroma ? [.dcChroma] : []), first: 0, last: 0,
                approximation: 0, stream: 0), ac(0, .acLuma, 1...5, part: 0),
        ] + chroma.map { onlyFirst(ac($0, .acChroma, 1...63, part: 0)) } + [
            ac(0, .acLumaHigh, 6...63, part: 1), ac(0, .acLumaRefinement, 1...63, part: 2),
        ] + chroma.map { onlyFirst(ac($0, .acChromaRefinement, 1...63, part: 2)) }
    }
}
