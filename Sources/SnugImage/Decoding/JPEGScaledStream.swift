// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// A JPEG's planes at its full size or a reduced one, by transforms that compute no more samples than that has.
///
/// A sequential file is decoded on the way; of one of several scans the coefficients have been decoded before, and then
/// the full size is made of them as well. The rest is left to the library.
final class JPEGScaledStream: ImageStream {
    let shape: RasterShape
    private let source: any CoefficientSource
    /// Blocks come in natural order.
    private let isNatural: Bool
    private let sides: [ScaledSides.Side]
    private let steps: [[Float]]
    private let level: KernelLevel
    private let warnings: [String]

    /// - Returns: `nil` for what the library has to decode.
    static func open(_ reader: ImageReader, demand: PixelDemand, warnings: [String]) throws -> JPEGScaledStream? {
        guard !demand.usesLibrary, !reader.policy.recoversPartialImages else { return nil }
        if let held = reader.coefficients.current {
            return JPEGScaledStream(held, isNatural: false, demand: demand, warnings: warnings)
        }
        guard let scan = try SequentialScan.read(reader.source) else { return nil }
        return try JPEGScaledStream(reader, scan: scan, demand: demand, warnings: warnings)
    }

    convenience init?(
        _ reader: ImageReader, scan: SequentialScan, demand: PixelDemand, warnings: [String] = [],
        level: KernelLevel = .best
    ) throws {
        guard
            let source = try SequentialSource(
                reader.source, scan: scan, level: level, isNatural: true, cancellation: reader.cancellation)
        else { return nil }
        self.init(source, isNatural: true, demand: demand, warnings: warnings, level: level)
    }

    /// - Returns: `nil` for sides without a transform.
    init?(
        _ source: any CoefficientSource, isNatural: Bool, demand: PixelDemand, warnings: [String] = [],
        level: KernelLevel = .best
    ) {
        guard let zigzagSteps = source.steps,
            let scaled = ScaledSides(source.layout, eighths: demand.eighths, halvesChroma: demand.halvesChroma)
        else { return nil }
        shape = scaled.shape(source.layout)
        sides = scaled.sides
        steps = zigzagSteps.map { zigzag in
            var natural = [Float](repeating: 0, count: 64)
            for (place, index) in Zigzag.naturalIndices.enumerated() { natural[index] = Float(zigzag[place]) }
            return natural
        }
        self.source = source
        self.isNatural = isNatural
        self.level = level
        self.warnings = warnings
    }

    func run(into sink: any RowSink) throws {
        // Whole blocks: those at the edge reach beyond the image.
        let bands = zip(source.layout.components, sides).map { component, side in
            Plane(width: component.blocksAcross * side.across, height: component.vertical * side.down)
        }
        let turned = isNatural ? nil : BlockRows(source.layout, capacity: source.layout.mcusAcross)
        try source.readRows { stored, row, _ in
            if let turned { stored.copyInNaturalOrder(into: turned) }
            let rows = turned ?? stored
            for (index, band) in bands.enumerated() {
                transform(rows, into: band, component: index)
                let plane = shape.planes[index]
                for y in 0..<min(band.height, max(plane.height - row * band.height, 0)) {
                    try sink.receive(band.row(y).extracting(0..<plane.width), plane: index)
                }
            }
        }
    }

    private func transform(_ rows: BlockRows, into band: Plane, component index: Int) {
        let side = sides[index]
        let component = source.layout.components[index]
        for v in 0..<component.vertical {
            unsafe band.withSamples { samples in
                unsafe rows.withBlocks(component: index, row: v) { blocks in
                    unsafe steps[index].withUnsafeBufferPointer { steps in
                        guard let steps = steps.baseAddress else { return }
                        _ = unsafe snug_scaled_inverse(
                            level, blocks, steps, Int32(side.across), Int32(side.down), Int32(component.blocksAcross),
                            samples + v * side.down * band.stride, band.stride)
                    }
                }
            }
        }
    }

    var report: DecodeReport {
        var report = source.report
        report.warnings = warnings + report.warnings
        report.warningCount += warnings.count
        return report
    }
}
