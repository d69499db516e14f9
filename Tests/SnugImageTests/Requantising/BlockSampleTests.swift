// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Samples of blocks that stand for an image.
@Suite struct BlockSampleTests {
    /// Each block's DC tells its number in its component.
    private func numbered(_ layout: BlockLayout) -> HeldCoefficients {
        let ones = layout.components.map { _ in [UInt16](repeating: 1, count: 64) }
        return HeldCoefficients(layout, steps: ones) { _, block, place in place == 0 ? block % 30_000 : 0 }
    }

    private func firstDC(_ run: BlockSample.Run, component: Int = 0, row: Int = 0) -> Int {
        unsafe run.rows.withBlocks(component: component, row: row) { unsafe Int($0[0]) }
    }

    @Test("A whole sample has every row with its place", arguments: sampleLayouts)
    func whole(layout: BlockLayout) throws {
        let sample = try numbered(layout).wholeSample()
        #expect(sample.isWhole && sample.runs.count == layout.mcusDown && sample.mcuCount == layout.mcuCount)
        #expect(sample.sourceSize == Double(layout.mcuCount) && sample.weight == 1)
        for (row, run) in sample.runs.enumerated() {
            #expect(run.rows.capacity == layout.mcusAcross)
            #expect(abs(run.position - Double(row) / Double(layout.mcusDown)) < 1e-12)
            #expect(firstDC(run) == row * layout.components[0].vertical * layout.components[0].blocksAcross % 30_000)
        }
    }

    @Test(
        "Scattered runs are of the image, in order, about as many as wanted, and weigh what they stand for",
        arguments: [200, 1_000, 4_000], [(64, 40), (20, 130), (7, 90), (150, 9)])
    func scattered(blocks: Int, size: (across: Int, down: Int)) throws {
        let layout = BlockLayout(width: size.across * 8, height: size.down * 8, sampling: [(1, 1)])
        let sample = try numbered(layout).scatteredSample(blocks: blocks)
        let length = min(16, size.across)
        #expect(!sample.isWhole && !sample.runs.isEmpty)
        #expect(abs(sample.weight * Double(sample.mcuCount) - Double(layout.mcuCount)) < 1e-6)
        // At least half of what was wanted where the image has it, and never much more.
        let wanted = min(blocks, layout.blockCount)
        #expect(sample.mcuCount >= wanted / 3 && sample.mcuCount <= max(wanted * 2, 2 * length))
        var last = -1
        for run in sample.runs {
            let first = firstDC(run)
            #expect((1...length).contains(run.rows.capacity) && first > last, "runs neither repeat nor go back")
            #expect(first % size.across + run.rows.capacity <= size.across, "a run is within its row")
            #expect(run.sourceSize == Double(run.rows.capacity))
            #expect(abs(run.position - Double(first / size.across) / Double(size.down)) < 1e-9)
            last = first + run.rows.capacity - 1
        }
        // Runs are spread over the height.
        let positions = sample.runs.map(\.position)
        #expect((positions.first ?? 1) < 0.5 && (positions.last ?? 0) >= 0.4)
    }

    @Test(
        "No column has more of the sample than another", arguments: [118, 128, 39, 17, 16, 5], [2_000, 8_000])
    func even(across: Int, blocks: Int) throws {
        let layout = BlockLayout(width: across * 8, height: 400 * 8, sampling: [(1, 1)])
        var counts = [Int](repeating: 0, count: across)
        _ = numbered(layout).scatteredSample(blocks: blocks) { _, first, count in
            for column in first..<first + count { counts[column] += 1 }
            return BlockRows(layout, capacity: count)
        }
        let mean = Double(counts.reduce(0, +)) / Double(across)
        for count in counts { #expect(abs(Double(count) - mean) <= max(mean * 0.15, 3), "\(counts)") }
    }

    @Test("Runs cut out of a held image are those of its rows")
    func parts() throws {
        let layout = BlockLayout(width: 640, height: 480, sampling: [(2, 2), (1, 1), (1, 1)])
        let held = numbered(layout)
        let read = try held.scatteredSample(blocks: 900)
        var rows: [BlockRows] = []
        try held.readRows { row, _, _ in rows.append(row.part(from: 0, count: layout.mcusAcross)) }
        let cut = held.scatteredSample(blocks: 900) { row, first, count in rows[row].part(from: first, count: count) }
        #expect(cut.runs.count == read.runs.count && cut.weight == read.weight)
        for (one, other) in zip(cut.runs, read.runs) {
            #expect(firstDC(one) == firstDC(other) && firstDC(one, component: 2) == firstDC(other, component: 2))
            #expect(one.position == other.position && one.sourceSize == other.sourceSize)
        }
    }

    @Test("Only a sample of many runs and blocks is judged by a part of it")
    func part() throws {
        let small = try numbered(sampleLayouts[0]).wholeSample()
        #expect(small.part == 1)
        let large = BlockLayout(width: 8 * 100, height: 8 * 100, sampling: [(1, 1)])
        #expect(try numbered(large).wholeSample().part == 4)
    }

    @Test("An empty sample weighs nothing extra")
    func empty() {
        let sample = BlockSample(layout: sampleLayouts[0], runs: [], isWhole: false, sourceSize: 10)
        #expect(sample.weight == 1 && sample.mcuCount == 0)
    }
}
