// SPDX-License-Identifier: Apache-2.0

/// What is left of a picture after it was a JPEG.
enum JPEGRoundTrip {
    /// Encodes planes and decodes their luma again.
    static func luma(of raster: Raster, quality: Double, cancellation: CancellationFlag) throws -> Plane {
        let shape = raster.shape
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: shape.width, height: shape.height, isGray: shape.model == .gray,
                subsamplesChroma: shape.model == .ycbcr && !shape.hasFullChroma, quality: quality,
                coding: .optimized, byteLimit: .max / 2),
            cancellation: cancellation)
        try raster.send(to: sink, cancellation: cancellation)
        guard try sink.finish() else { throw ImageError(.codecFailed, "a sample could not be encoded") }
        var decoder = try JPEGDecoder.open(
            ImageSource(bytes: sink.bytes()), limits: InputLimits(), memory: 1 << 28, cancellation: cancellation)
        try decoder.start(output: .gray)
        let plane = Plane(width: shape.width, height: shape.height)
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            try decoder.readRow(into: &row)
        }
        return plane
    }
}
