// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

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
        try withoutActuallyEscaping(body) { body in
            let sink = BlockSink(supply.shape, layout: layout, level: level, next: body)
            try supply.send(to: sink)
            try sink.finish()
        }
    }

    func sample(blocks: Int) throws -> BlockSample {
        layout.blockCount <= SamplePlan.whole ? try wholeSample() : try scatteredSample(blocks: blocks)
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
                transform(band, component: index)
                spare[index].append(band)
            }
            row += 1
            try next(rows, row - 1, Double(row) / Double(layout.mcusDown))
        }
    }

    private func transform(_ band: Plane, component index: Int) {
        let component = layout.components[index]
        let plane = shape.planes[index]
        for v in 0..<component.vertical {
            let height = plane.height - (row * component.vertical + v) * 8
            guard height > 0 else { continue }
            unsafe band.withSamples { samples in
                unsafe rows.withBlocks(component: index, row: v) { blocks in
                    unsafe snug_forward_dct(
                        level, samples + v * 8 * band.stride, band.stride, Int32(plane.width), Int32(min(height, 8)),
                        Int32(component.blocksAcross), blocks)
                }
            }
        }
    }

    func finish() throws {
        guard row == layout.mcusDown else {
            throw ImageError(
                .codecFailed, "an image gave \(row) of \(layout.mcusDown) rows of blocks; please report this file")
        }
    }
}
