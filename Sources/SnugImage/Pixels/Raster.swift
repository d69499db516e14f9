// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// A whole image in memory.
struct Raster {
    var shape: RasterShape
    var planes: [Plane]

    /// Makes an image whose samples are not yet set.
    init(_ shape: RasterShape) {
        self.shape = shape
        planes = shape.planes.map { Plane(width: $0.width, height: $0.height, channels: $0.channels) }
    }

    /// An image of planes that are there already.
    init(_ shape: RasterShape, planes: [Plane]) {
        self.shape = shape
        self.planes = planes
    }

    /// The image turned upright.
    func upright(_ orientation: Orientation) -> Raster {
        if orientation == .upright { return self }
        return Raster(
            orientation.swapsAxes ? shape.transposed : shape,
            planes: planes.map { OrientationTransform.upright($0, orientation: orientation) })
    }

    /// Sends all rows into a sink, the planes in step.
    func send(to sink: any RowSink, cancellation: CancellationFlag) throws {
        let luma = planes[0]
        var sent = [Int](repeating: 0, count: planes.count)
        for y in 0..<luma.height {
            if y % 64 == 0 { try cancellation.check() }
            try sink.receive(luma.row(y), plane: 0)
            for index in planes.indices.dropFirst() {
                let plane = planes[index]
                while sent[index] < plane.height && (sent[index] + 1) * luma.height <= (y + 1) * plane.height {
                    try sink.receive(plane.row(sent[index]), plane: index)
                    sent[index] += 1
                }
            }
        }
        for index in planes.indices.dropFirst() {
            let plane = planes[index]
            for y in sent[index]..<plane.height { try sink.receive(plane.row(y), plane: index) }
        }
    }
}
