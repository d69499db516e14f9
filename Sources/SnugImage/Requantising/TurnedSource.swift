// SPDX-License-Identifier: Apache-2.0

/// The coefficients of a JPEG that is stored turned, upright. All are held.
final class TurnedSource: CoefficientSource {
    let layout: BlockLayout
    let steps: [[UInt16]]?
    let report: DecodeReport
    private let turn: BlockTurn
    private let stored: BlockLayout
    /// Rows of MCUs as they are stored.
    private let rows: [BlockRows]

    /// - Returns: `nil` where the turn would not be lossless: where a reversed side ends inside an MCU.
    init?(_ base: any CoefficientSource, orientation: Orientation) throws {
        let turn = BlockTurn(orientation)
        guard turn.isLossless(base.layout), let steps = base.steps else { return nil }
        var rows: [BlockRows] = []
        rows.reserveCapacity(base.layout.mcusDown)
        try base.readRows { row, _, _ in rows.append(row.part(from: 0, count: base.layout.mcusAcross)) }
        self.turn = turn
        self.rows = rows
        stored = base.layout
        layout = turn.layout(base.layout)
        self.steps = steps.map { turn.steps($0) }
        report = base.report
    }

    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws { try readRows(from: 0, body) }

    var beginsAnywhere: Bool { true }

    func readRows(from first: Int, _ body: (BlockRows, Int, Double) throws -> Void) throws {
        let target = BlockRows(layout, capacity: layout.mcusAcross)
        for row in first..<layout.mcusDown {
            fill(target, row: row, from: 0)
            try body(target, row, Double(row + 1) / Double(layout.mcusDown))
        }
    }

    func sample(blocks: Int) throws -> BlockSample {
        if layout.blockCount <= SamplePlan.whole { return try wholeSample() }
        return scatteredSample(blocks: blocks) { row, first, count in
            let part = BlockRows(layout, capacity: count)
            fill(part, row: row, from: first)
            return part
        }
    }

    /// Turns the MCUs of `row` from `first` on, as many as there is room for.
    private func fill(_ target: BlockRows, row: Int, from first: Int) {
        for (index, component) in layout.components.enumerated() {
            for v in 0..<component.vertical {
                unsafe target.withBlocks(component: index, row: v) { blocks in
                    for column in 0..<target.capacity * component.horizontal {
                        let place = turn.source(
                            column: first * component.horizontal + column, row: row * component.vertical + v,
                            across: stored.mcusAcross * stored.components[index].horizontal,
                            down: stored.mcusDown * stored.components[index].vertical)
                        let vertical = stored.components[index].vertical
                        let (mcuRow, blockRow) = place.row.quotientAndRemainder(dividingBy: vertical)
                        unsafe rows[mcuRow].withBlocks(component: index, row: blockRow) { source in
                            unsafe turn.turn(source + place.column * 64, into: blocks + column * 64)
                        }
                    }
                }
            }
        }
    }
}
