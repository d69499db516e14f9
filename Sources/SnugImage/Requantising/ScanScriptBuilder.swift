// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// Puts a ``ScanScript`` together, scan by scan.
struct ScanScriptBuilder {
    private let frame: JPEGFrame
    private let isProgressive: Bool
    private let layout: BlockLayout
    private var steps: [Int: [UInt16]] = [:]
    private var progression: ScanProgression
    private(set) var scans: [ScanScript.Scan] = []

    /// - Returns: `nil` for frames that a baseline output cannot stand for.
    init?(_ frame: JPEGFrame, isProgressive: Bool) {
        guard frame.bitsPerSample == 8, frame.components.count == 1 || frame.components.count == 3 else { return nil }
        self.frame = frame
        self.isProgressive = isProgressive
        layout = BlockLayout(
            width: frame.width, height: frame.height,
            sampling: frame.components.map { ($0.horizontal, $0.vertical) })
        progression = ScanProgression(componentCount: frame.components.count)
    }

    /// - Parameter header: The payload of an SOS segment (ITU-T T.81 B.2.3).
    /// - Returns: False for a scan that is not read here.
    mutating func add(_ header: ByteView, tables: JPEGTables, data: Range<Int>) -> Bool {
        guard let count = header.u8(at: 0), (1...3).contains(count), let first = header.u8(at: 1 + 2 * count),
            let last = header.u8(at: 2 + 2 * count), let bits = header.u8(at: 3 + 2 * count)
        else { return false }
        var components: [Int] = []
        for place in 0..<count {
            let identifier = header.u8(at: 1 + 2 * place)
            guard let index = frame.components.firstIndex(where: { $0.identifier == identifier }),
                index > components.last ?? -1
            else { return false }
            components.append(index)
        }
        let band = snug_scan_band(
            first: Int32(first), last: Int32(last), high: Int32(bits >> 4), low: Int32(bits & 15))
        guard isProgressive || first == 0 && last == 63 && bits == 0,
            progression.add(band, components: components, isProgressive: isProgressive)
        else { return false }
        return append(components, band: band, header: header, tables: tables, data: data)
    }

    private mutating func append(
        _ components: [Int], band: snug_scan_band, header: ByteView, tables: JPEGTables, data: Range<Int>
    ) -> Bool {
        var stream = snug_stream_layout()
        // A single component comes in rows of its blocks, without those that pad it to whole MCUs (T.81 A.2.2).
        let single = components.count == 1 ? layout.components[components[0]] : nil
        stream.component_count = Int32(components.count)
        stream.mcus_across = Int32(single?.blocksAcross ?? layout.mcusAcross)
        stream.mcus_down = Int32(single?.blocksDown ?? layout.mcusDown)
        stream.restart_interval = Int32(tables.restartInterval)
        stream.is_progressive = isProgressive
        if isProgressive { stream.band = band }
        for (place, index) in components.enumerated() {
            // The library, too, takes the table that is there when a component first comes.
            if steps[index] == nil { steps[index] = tables.steps[frame.components[index].quantisationTable] }
            guard let selectors = header.u8(at: 2 + 2 * place), let values = steps[index],
                hasTables(selectors, band: band, tables: tables)
            else { return false }
            let entry = snug_stream_component(
                horizontal: single == nil ? Int32(layout.components[index].horizontal) : 1,
                vertical: single == nil ? Int32(layout.components[index].vertical) : 1,
                dc_table: Int32((selectors >> 4) & 3), ac_table: Int32(selectors & 3),
                dc_limit: JPEGTables.largestDC(steps: values))
            unsafe withUnsafeMutableBytes(of: &stream.components) {
                unsafe $0.bindMemory(to: snug_stream_component.self)[place] = entry
            }
        }
        scans.append(
            ScanScript.Scan(
                components: components, data: data, layout: stream, dcTables: tables.dcList, acTables: tables.acList))
        return true
    }

    /// True when the tables that the scan uses are there.
    private func hasTables(_ selectors: Int, band: snug_scan_band, tables: JPEGTables) -> Bool {
        let usesDC = !isProgressive || band.first == 0 && band.high == 0
        let usesAC = !isProgressive || band.first > 0
        return (!usesDC || tables.dc[selectors >> 4] != nil) && (!usesAC || tables.ac[selectors & 15] != nil)
    }

    /// - Returns: `nil` when bits of the coefficients are missing.
    func script(endsEarly: Bool) -> ScanScript? {
        let steps = frame.components.indices.compactMap { self.steps[$0] }
        guard endsEarly ? progression.isComplete : progression.hasAllComponents, steps.count == frame.components.count
        else { return nil }
        return ScanScript(layout: layout, steps: steps, scans: scans, endsEarly: endsEarly)
    }
}
