// SPDX-License-Identifier: Apache-2.0

/// What the planes of an image hold.
enum RasterModel: Sendable, Hashable {
    /// One plane of luma.
    case gray
    /// Three planes: luma and two of chroma, each at its own resolution.
    case ycbcr
    /// One plane of interleaved samples, 1 to 4 channels: gray, gray and alpha, RGB, RGB and alpha.
    case interleaved(channels: Int)
}

/// The size of one plane.
struct PlaneShape: Sendable, Hashable {
    var width: Int
    var height: Int
    var channels = 1
    /// Samples that the image covers: less than `width` where it ends within a sample (4:2:0 with odd sides).
    var extentWidth: Double
    var extentHeight: Double
}

/// The size of an image and of the planes it is made of.
struct RasterShape: Sendable, Hashable {
    var model: RasterModel
    /// Pixels of the image at the resolution of its finest plane.
    var width: Int
    var height: Int
    var planes: [PlaneShape]

    /// A gray or YCbCr image whose chroma is at full or at half resolution.
    static func planar(width: Int, height: Int, isGray: Bool, subsamplesChroma: Bool) -> RasterShape {
        let full = PlaneShape(
            width: width, height: height, extentWidth: Double(width), extentHeight: Double(height))
        if isGray { return RasterShape(model: .gray, width: width, height: height, planes: [full]) }
        let half = PlaneShape(
            width: (width + 1) / 2, height: (height + 1) / 2, extentWidth: Double(width) / 2,
            extentHeight: Double(height) / 2)
        let chroma = subsamplesChroma ? half : full
        return RasterShape(model: .ycbcr, width: width, height: height, planes: [full, chroma, chroma])
    }

    /// An image of interleaved samples.
    static func interleaved(width: Int, height: Int, channels: Int) -> RasterShape {
        RasterShape(
            model: .interleaved(channels: channels), width: width, height: height,
            planes: [
                PlaneShape(
                    width: width, height: height, channels: channels, extentWidth: Double(width),
                    extentHeight: Double(height))
            ])
    }

    /// Bytes of all planes held at once.
    var byteCount: Int {
        planes.reduce(0) { $0 + Plane.byteCount(width: $1.width, height: $1.height, channels: $1.channels) }
    }

    /// Whether chroma has as many samples as luma.
    var hasFullChroma: Bool {
        planes.count == 3 && planes[1].width == planes[0].width && planes[1].height == planes[0].height
    }

    /// The same image with rows and columns exchanged.
    var transposed: RasterShape {
        var shape = self
        swap(&shape.width, &shape.height)
        for index in shape.planes.indices {
            var plane = shape.planes[index]
            swap(&plane.width, &plane.height)
            swap(&plane.extentWidth, &plane.extentHeight)
            shape.planes[index] = plane
        }
        return shape
    }
}

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

/// Takes the rows of an image from top to bottom.
///
/// Rows of different planes come interleaved, about in step. A reference type, so that sinks can be chained.
protocol RowSink: AnyObject {
    /// Takes the next row of a plane.
    func receive(_ row: Span<UInt8>, plane: Int) throws
}

/// Keeps all rows.
final class RasterStore: RowSink {
    let raster: Raster
    private var next: [Int]

    init(_ shape: RasterShape) {
        raster = Raster(shape)
        next = [Int](repeating: 0, count: shape.planes.count)
    }

    func receive(_ row: Span<UInt8>, plane index: Int) throws {
        let plane = raster.planes[index]
        guard next[index] < plane.height else { return }
        var target = plane.mutableRow(next[index])
        target.copy(from: row)
        next[index] += 1
    }
}

/// Sends every row to two sinks.
final class TeeSink: RowSink {
    private let first: any RowSink
    private let second: any RowSink

    init(_ first: any RowSink, _ second: any RowSink) {
        self.first = first
        self.second = second
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        try first.receive(row, plane: plane)
        try second.receive(row, plane: plane)
    }
}

extension MutableSpan<UInt8> {
    /// Copies as many samples as both have.
    mutating func copy(from source: Span<UInt8>) {
        let count = Swift.min(self.count, source.count)
        unsafe withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { bytes in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[0..<count]))
            }
        }
    }
}
