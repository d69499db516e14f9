// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem
import SnugTestSupport

@testable import SnugImage

/// Coefficients in memory, as a source that needs no file.
final class HeldCoefficients: CoefficientSource {
    let layout: BlockLayout
    let steps: [[UInt16]]?
    let report = DecodeReport()
    private let rows: [BlockRows]

    init(_ layout: BlockLayout, steps: [[UInt16]], rows: [BlockRows]) {
        self.layout = layout
        self.steps = steps
        self.rows = rows
    }

    func sample(blocks: Int) throws -> BlockSample { try wholeSample() }

    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws {
        for (index, row) in rows.enumerated() { try body(row, index, Double(index + 1) / Double(rows.count)) }
    }

    /// Fills every block by a function of component, block number and place in the order of a file.
    convenience init(
        _ layout: BlockLayout, steps: [[UInt16]], _ value: (_ component: Int, _ block: Int, _ place: Int) -> Int
    ) {
        let rows = (0..<layout.mcusDown).map { _ in BlockRows(layout, capacity: layout.mcusAcross) }
        for (component, shape) in layout.components.enumerated() {
            var block = 0
            for (index, row) in rows.enumerated() {
                for v in 0..<shape.vertical {
                    let isPadding = index * shape.vertical + v >= shape.blocksDown
                    unsafe row.withBlocks(component: component, row: v) { blocks in
                        for column in 0..<layout.mcusAcross * shape.horizontal {
                            guard !isPadding, column < shape.blocksAcross else { continue }
                            for place in 0..<64 {
                                unsafe blocks[column * 64 + place] = Int16(value(component, block, place))
                            }
                            block += 1
                        }
                    }
                }
            }
        }
        self.init(layout, steps: steps, rows: rows)
    }

    /// Coefficients as an encoder may write them: few large ones, many zeros, nothing outside the samples' range.
    static func random(_ layout: BlockLayout, seed: UInt64, density: Double = 0.15) -> HeldCoefficients {
        var random = SeededGenerator(seed: seed)
        let luma = (0..<64).map { _ in UInt16.random(in: 1...255, using: &random) }
        let chroma = (0..<64).map { _ in UInt16.random(in: 1...255, using: &random) }
        let steps = layout.components.indices.map { $0 == 0 ? luma : chroma }
        return HeldCoefficients(layout, steps: steps) { component, _, place in
            let largest = (place == 0 ? 1016 : 1000) / Int(steps[component][place])
            guard place == 0 || Double.random(in: 0..<1, using: &random) < density else { return 0 }
            return Int.random(in: -largest...largest, using: &random)
        }
    }
}

extension CoefficientSource {
    /// All real blocks in raster order, component by component, in natural order: as libjpeg has them.
    func naturalCoefficients() throws -> [Int16] {
        var all: [[Int16]] = layout.components.map { _ in [] }
        try readRows { rows, row, _ in
            for (index, component) in layout.components.enumerated() {
                for v in 0..<component.vertical where row * component.vertical + v < component.blocksDown {
                    unsafe rows.withBlocks(component: index, row: v) { blocks in
                        for column in 0..<component.blocksAcross {
                            let block = unsafe Array(UnsafeBufferPointer(start: blocks + column * 64, count: 64))
                            all[index] += ReferenceTransform.natural(block)
                        }
                    }
                }
            }
        }
        return all.flatMap { $0 }
    }

    /// A file of these coefficients, requantised at `scale`: unchanged at the finest, which is the usual.
    func file(
        isProgressive: Bool, scale: Double? = nil, lambda: Double = 0, level: KernelLevel = .best,
        segments: [MetadataSegment] = []
    ) throws -> [UInt8] {
        let stepTables = StepTables(.fullSize, layout: layout, sourceSteps: steps)
        let quantisers = Quantisers(stepTables, componentCount: layout.components.count)
        quantisers.prepare(RateModel(scale: scale ?? stepTables.finestScale, lambdaFactor: lambda), costs: nil)
        var coder = try BlockCoder(layout, isProgressive: isProgressive, level: level)
        var counts = snug_symbol_counts()
        try readRows { rows, row, _ in coder.count(rows, row: row, quantisers: quantisers, counts: &counts) }
        coder.finishCount(&counts)
        var frequencies = [Double](repeating: 0, count: CodeTables.count * 256)
        unsafe frequencies.withUnsafeMutableBufferPointer { sums in
            guard let start = sums.baseAddress else { return }
            unsafe snug_counts_accumulate(&counts, 1, start)
        }
        let tables = CodeTables(frequencies: frequencies, isComplete: false, isProgressive: isProgressive)
        coder.begin(tables)
        try readRows { rows, row, _ in try coder.write(rows, row: row, quantisers: quantisers) }
        try coder.finish()
        let container = JPEGContainer(
            layout: layout, isProgressive: isProgressive, steps: quantisers.steps, segments: segments)
        return container.bytes(&coder, tables: tables)
    }
}

/// The source of a file's coefficients that a fit would take.
func coefficientSource(_ bytes: [UInt8]) throws -> (any CoefficientSource)? {
    let source = ImageSource(bytes: bytes)
    if let scan = try SequentialScan.read(source) {
        return try SequentialSource(source, scan: scan, cancellation: CancellationFlag())
    }
    var reader = JPEGSegmentReader(source)
    while let segment = try reader.next() {
        guard JPEGMarker.isFrame(segment.marker) else { continue }
        let frame = try JPEGFrame(segment, payload: reader.payload(segment))
        return try LibrarySource(
            source, frame: frame, limits: DecodingLimits(), memory: 1 << 28, cancellation: CancellationFlag())
    }
    return nil
}

/// Layouts of every sampling that occurs, with sides that end inside blocks and MCUs.
let sampleLayouts = [
    BlockLayout(width: 37, height: 27, sampling: [(1, 1)]),
    BlockLayout(width: 41, height: 33, sampling: [(1, 1), (1, 1), (1, 1)]),
    BlockLayout(width: 49, height: 35, sampling: [(2, 2), (1, 1), (1, 1)]),
    BlockLayout(width: 50, height: 17, sampling: [(2, 1), (1, 1), (1, 1)]),
    BlockLayout(width: 23, height: 40, sampling: [(1, 2), (1, 1), (1, 1)]),
    BlockLayout(width: 65, height: 20, sampling: [(4, 1), (1, 1), (1, 1)]),
    BlockLayout(width: 1, height: 1, sampling: [(2, 2), (1, 1), (1, 1)]),
]
