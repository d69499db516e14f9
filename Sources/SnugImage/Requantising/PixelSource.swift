// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem

/// The coefficients of planes of pixels.
final class PixelSource: CoefficientSource {
    private let supply: PixelSupply
    let layout: BlockLayout
    private let level: KernelLevel
    /// Coefficients come in eighths.
    var steps: [[UInt16]]? { nil }
    var report: DecodeReport { supply.report }

    /// - Returns: `nil` for interleaved pixels and for chroma at other resolutions than full and half.
    init?(_ supply: PixelSupply, level: KernelLevel = .best) {
        guard let layout = BlockLayout(supply.shape) else { return nil }
        self.supply = supply
        self.layout = layout
        self.level = level
    }

    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws {
        if beginsAnywhere { return try readRows(from: 0, body) }
        try withoutActuallyEscaping(body) { body in
            let sink = BlockSink(supply.shape, layout: layout, level: level, next: body)
            try supply.send(to: sink)
            try sink.finish()
        }
    }

    /// Pixels in memory are transformed where they lie.
    var beginsAnywhere: Bool { supply.heldRaster != nil }

    func readRows(from first: Int, _ body: (BlockRows, Int, Double) throws -> Void) throws {
        guard let planes = supply.heldRaster?.planes else {
            return try readRows { rows, row, position in
                if row >= first { try body(rows, row, position) }
            }
        }
        let rows = BlockRows(layout, capacity: layout.mcusAcross)
        for row in first..<layout.mcusDown {
            try supply.cancellation.check()
            transform(planes, row: row, from: 0, into: rows)
            try body(rows, row, Double(row + 1) / Double(layout.mcusDown))
        }
    }

    func sample(blocks: Int) throws -> BlockSample {
        if layout.blockCount <= SamplePlan.whole { return try wholeSample() }
        guard let planes = supply.heldRaster?.planes else { return try scatteredSample(blocks: blocks) }
        return scatteredSample(blocks: blocks) { row, first, count in
            let part = BlockRows(layout, capacity: count)
            transform(planes, row: row, from: first, into: part)
            return part
        }
    }

    private func transform(_ planes: [Plane], row: Int, from first: Int, into rows: BlockRows) {
        for (index, plane) in planes.enumerated() {
            let top = row * layout.components[index].vertical * 8
            rows.transform(
                plane, top: top, height: plane.height - top, component: index, fromMCU: first, level: level)
        }
    }
}

extension BlockRows {
    /// Transforms the pixels of MCUs that lie side by side, as many as there is room for.
    /// - Parameters:
    ///   - plane: Of the component.
    ///   - top: The plane's row where the MCUs begin.
    ///   - height: Rows of the image from there on.
    fileprivate func transform(
        _ plane: Plane, top: Int, height: Int, component index: Int, fromMCU first: Int = 0, level: KernelLevel
    ) {
        let component = layout.components[index]
        let left = first * component.horizontal
        let blocks = min(capacity * component.horizontal, component.blocksAcross - left)
        for v in 0..<component.vertical where blocks > 0 {
            unsafe plane.withSamples { samples in
                unsafe withBlocks(component: index, row: v) { target in
                    // Below the image, as in a sample: nothing of the row before.
                    guard height > v * 8 else { return unsafe target.update(repeating: 0, count: blocks * 64) }
                    unsafe snug_forward_dct(
                        level, samples + (top + v * 8) * plane.stride + left * 8, plane.stride,
                        Int32(plane.width - left * 8), Int32(min(height - v * 8, 8)), Int32(blocks), target)
                }
            }
        }
    }
}

/// Gathers rows of planes into rows of MCUs, and transforms those.
private final class BlockSink: RowSink {
    private let shape: RasterShape
    private let layout: BlockLayout
    private let level: KernelLevel
    private let rows: BlockRows
    private let next: (BlockRows, Int, Double) throws -> Void
    /// Of each plane: bands that are not transformed yet, and how many rows came in all.
    private var bands: [[Plane]]
    private var received: [Int]
    private var spare: [[Plane]]
    private var row = 0

    init(
        _ shape: RasterShape, layout: BlockLayout, level: KernelLevel,
        next: @escaping (BlockRows, Int, Double) throws -> Void
    ) {
        self.shape = shape
        self.layout = layout
        self.level = level
        self.next = next
        rows = BlockRows(layout, capacity: layout.mcusAcross)
        bands = shape.planes.map { _ in [] }
        received = shape.planes.map { _ in 0 }
        spare = bands
    }

    func receive(_ row: Span<UInt8>, plane index: Int) throws {
        guard received[index] < shape.planes[index].height else { return }
        let height = layout.components[index].vertical * 8
        let y = received[index] % height
        if y == 0 {
            bands[index].append(spare[index].popLast() ?? Plane(width: shape.planes[index].width, height: height))
        }
        if let band = bands[index].last {
            var target = band.mutableRow(y)
            target.copy(from: row)
        }
        received[index] += 1
        if y == height - 1 || received[index] == shape.planes[index].height { try transformComplete() }
    }

    /// True when the next row of MCUs has come in, in all planes.
    private var isComplete: Bool {
        guard row < layout.mcusDown else { return false }
        return shape.planes.indices.allSatisfy { index in
            let height = layout.components[index].vertical * 8
            return received[index] >= min((row + 1) * height, shape.planes[index].height) && !bands[index].isEmpty
        }
    }

    private func transformComplete() throws {
        while isComplete {
            for index in shape.planes.indices {
                let band = bands[index].removeFirst()
                let height = shape.planes[index].height - row * layout.components[index].vertical * 8
                rows.transform(band, top: 0, height: height, component: index, level: level)
                spare[index].append(band)
            }
            row += 1
            try next(rows, row - 1, Double(row) / Double(layout.mcusDown))
        }
    }

    func finish() throws {
        guard row == layout.mcusDown else {
            throw ImageError(
                .codecFailed, "an image gave \(row) of \(layout.mcusDown) rows of blocks; please report this file")
        }
    }
}
