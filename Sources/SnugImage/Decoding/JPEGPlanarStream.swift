// SPDX-License-Identifier: Apache-2.0

/// A JPEG whose components go out as they are stored.
final class JPEGPlanarStream: ImageStream {
    let shape: RasterShape
    /// Taken out while it runs: rows are lent from it.
    private var decoder: JPEGDecoder?
    private var decoded = DecodeReport()
    private let warnings: [String]
    private let recoversPartialImages: Bool

    init(_ opened: consuming JPEGDecoder, eighths: Int, warnings: [String], recoversPartialImages: Bool) throws {
        var decoder = opened
        try decoder.start(output: .planar, eighths: eighths)
        let planes = decoder.components.map {
            PlaneShape(
                width: $0.width, height: $0.height, extentWidth: $0.extentWidth, extentHeight: $0.extentHeight)
        }
        shape = RasterShape(
            model: planes.count == 1 ? .gray : .ycbcr, width: decoder.outputWidth, height: decoder.outputHeight,
            planes: planes)
        self.decoder = consume decoder
        self.warnings = warnings
        self.recoversPartialImages = recoversPartialImages
    }

    func run(into sink: any RowSink) throws {
        guard var decoder = decoder.take() else { return }
        var sent = [Int](repeating: 0, count: shape.planes.count)
        while sent[0] < shape.planes[0].height {
            try decoder.readBand()
            for (index, component) in decoder.components.enumerated() {
                let rows = min(component.bandRows, shape.planes[index].height - sent[index])
                for row in 0..<max(rows, 0) {
                    try sink.receive(decoder.bandRow(component: index, row: row), plane: index)
                }
                sent[index] += max(rows, 0)
            }
            // Damage is seen band by band: without recovery there is no reason to continue.
            if !recoversPartialImages, let error = decoder.report.error { throw error }
        }
        decoded = decoder.report
    }

    var report: DecodeReport {
        var report = decoded
        report.warnings = warnings + report.warnings
        report.warningCount += warnings.count
        return report
    }
}
