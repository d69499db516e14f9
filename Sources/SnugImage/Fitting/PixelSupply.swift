// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The pixels of an image, available any number of times: held in memory, or decoded again for each pass.
///
/// One code path serves both, so that a lean fit gives the same image as a fast one.
final class PixelSupply {
    private enum Origin {
        case held(Raster)
        /// Each pass opens the file again.
        case decoded(ImageReader, PixelDemand)
        /// Another supply's pixels, resized on the way.
        case resized(PixelSupply)
    }
    private let origin: Origin
    /// The shape that ``send(to:)`` sends.
    let shape: RasterShape
    let cancellation: CancellationFlag
    /// The decoder's findings in the last pass, which include those of all passes.
    private(set) var report = DecodeReport()
    /// Rows are mirrored on the way.
    private let mirrors: Bool

    private init(
        _ origin: Origin, shape: RasterShape, mirrors: Bool = false, cancellation: CancellationFlag,
        report: DecodeReport = DecodeReport()
    ) {
        self.origin = origin
        self.shape = shape
        self.mirrors = mirrors
        self.cancellation = cancellation
        self.report = report
    }

    /// Pixels held in memory.
    convenience init(_ raster: Raster, report: DecodeReport = DecodeReport(), cancellation: CancellationFlag) {
        self.init(.held(raster), shape: raster.shape, cancellation: cancellation, report: report)
    }

    /// Decodes a file once and keeps its pixels.
    static func holding(_ reader: ImageReader, demand: PixelDemand) throws -> PixelSupply {
        let stream = try reader.open(demand)
        let store = RasterStore(stream.shape)
        try stream.run(into: store)
        let report = stream.report
        if !reader.policy.recoversPartialImages, let error = report.error { throw error }
        return PixelSupply(.held(store.raster), shape: stream.shape, cancellation: reader.cancellation, report: report)
    }

    /// Decodes a file at each pass, memory proportional to its width.
    static func streaming(_ reader: ImageReader, demand: PixelDemand) throws -> PixelSupply {
        let shape = try reader.open(demand).shape
        return PixelSupply(.decoded(reader, demand), shape: shape, cancellation: reader.cancellation)
    }

    /// The pixels, when they are in memory.
    var heldRaster: Raster? {
        if case .held(let raster) = origin { raster } else { nil }
    }

    /// Sends the image through, resized where the supply is.
    func send(to sink: any RowSink) throws {
        let end: any RowSink = mirrors ? MirrorSink(shape, next: sink) : sink
        switch origin {
        case .held(let raster): try raster.send(to: end, cancellation: cancellation)
        case .decoded(let reader, let demand):
            let stream = try reader.open(demand)
            try stream.run(into: end)
            report = stream.report
            if !reader.policy.recoversPartialImages, let error = report.error { throw error }
        case .resized(let base):
            try base.send(to: ResamplingSink(from: base.shape, to: shape, next: end))
            report = base.report
        }
    }

    /// The image resized and turned upright.
    ///
    /// Held pixels stay held. Pixels that are decoded at each pass stay so too, as long as the turn can be made row by
    /// row; other turns hold the result.
    /// - Parameters:
    ///   - target: The upright shape.
    ///   - orientation: How the supply's own pixels have to be turned.
    func prepared(_ target: RasterShape, orientation: Orientation) throws -> PixelSupply {
        let stored = orientation.swapsAxes ? target.transposed : target
        if orientation == .upright && stored == shape { return self }
        if case .held(let raster) = origin {
            let resized = try Self.resize(raster, to: stored, cancellation: cancellation)
            return PixelSupply(resized.upright(orientation), report: report, cancellation: cancellation)
        }
        if orientation == .upright || orientation == .mirrored {
            return PixelSupply(
                .resized(self), shape: target, mirrors: orientation == .mirrored, cancellation: cancellation)
        }
        let store = RasterStore(stored)
        try send(to: ResamplingSink(from: shape, to: stored, next: store))
        return PixelSupply(store.raster.upright(orientation), report: report, cancellation: cancellation)
    }

    /// Resizes an image in memory; planes that keep their size are shared, not copied.
    static func resize(_ raster: Raster, to target: RasterShape, cancellation: CancellationFlag) throws -> Raster {
        if raster.shape == target { return raster }
        var planes: [Plane] = []
        let keepsSize = raster.shape.width == target.width && raster.shape.height == target.height
        for (index, plane) in raster.planes.enumerated() {
            let from = raster.shape.planes[index]
            let to = target.planes[index]
            if from == to {
                planes.append(plane)
                continue
            }
            try cancellation.check()
            let sourceShape = RasterShape(
                model: .interleaved(channels: from.channels), width: raster.shape.width, height: raster.shape.height,
                planes: [from])
            var targetShape = sourceShape
            targetShape.planes = [to]
            if !keepsSize {
                targetShape.width = target.width
                targetShape.height = target.height
            }
            let store = RasterStore(targetShape)
            let sink = ResamplingSink(from: sourceShape, to: targetShape, next: store)
            for y in 0..<plane.height {
                if y % 64 == 0 { try cancellation.check() }
                try sink.receive(plane.row(y), plane: 0)
            }
            planes += store.raster.planes
        }
        return Raster(target, planes: planes)
    }
}
