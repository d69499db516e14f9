// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Makes an image of an exact size, to be fitted afterwards.
struct FramedImage {
    private static let options = PNGEncoderOptions(level: 1, filter: .sub)

    private let context: FitContext
    private let frame: ExactFrame

    init(_ context: FitContext, frame: ExactFrame) {
        self.context = context
        self.frame = frame
    }

    /// The framed pixels as a PNG, lightly compressed.
    func make() throws -> (bytes: [UInt8], report: DecodeReport) {
        let header = context.header
        let size = try frame.scaledSize(width: header.uprightWidth, height: header.uprightHeight)
        let supply = try PixelSupply.holding(
            context.reader, demand: PixelDemand(isPlanar: false, background: context.policy.background))
        let channels = supply.shape.planes.first?.channels ?? 3
        let prepared = try supply.prepared(
            .interleaved(width: size.width, height: size.height, channels: channels), orientation: header.orientation)
        guard let plane = prepared.heldRaster?.planes.first else {
            throw ImageError(.codecFailed, "its pixels could not be framed; please report this file")
        }
        let framed = try placed(plane)
        let sink = try PNGEncodingSink(
            .interleaved(width: frame.width, height: frame.height, channels: channels), options: Self.options,
            byteLimit: .max / 2)
        for y in 0..<framed.height {
            if y % 64 == 0 { try context.cancellation.check() }
            try sink.receive(framed.row(y), plane: 0)
        }
        return (try sink.finish() ?? [], prepared.report)
    }

    /// The middle of the image, or the image in the middle.
    private func placed(_ plane: Plane) throws -> Plane {
        let framed = Plane(width: frame.width, height: frame.height, channels: plane.channels)
        let (left, top) = ((frame.width - plane.width) / 2, (frame.height - plane.height) / 2)
        let background = background(channels: plane.channels)
        let channels = plane.channels
        for y in 0..<frame.height {
            var row = framed.mutableRow(y)
            let isInside = (top..<top + plane.height).contains(y)
            if plane.width < frame.width || !isInside {
                for index in row.indices { row[index] = background[index % channels] }
            }
            guard isInside else { continue }
            let source = plane.row(y - top)
            let (from, to) = (max(-left, 0) * channels, max(left, 0) * channels)
            for index in 0..<min(plane.width, frame.width) * channels { row[to + index] = source[from + index] }
        }
        return framed
    }

    /// The pixel around an image: transparent where it can be, else the background of the policy, or white.
    private func background(channels: Int) -> [UInt8] {
        let colour = context.policy.background ?? .white
        switch channels {
        case 1: return [UInt8((Int(colour.red) * 299 + Int(colour.green) * 587 + Int(colour.blue) * 114) / 1000)]
        case 2: return [0, 0]
        case 3: return [colour.red, colour.green, colour.blue]
        default: return [0, 0, 0, 0]
        }
    }
}
