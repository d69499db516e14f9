// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport

@testable import SnugImage

/// Images drawn by code: the same on every run.
enum DrawnImage {
    /// Gradients with edges and grain, interleaved; the fourth channel is a gradient of opacity.
    static func scene(width: Int, height: Int, channels: Int = 3, grain: Int = 12, seed: UInt64 = 1) -> Plane {
        var random = SeededGenerator(seed: seed)
        let plane = Plane(width: width, height: height, channels: channels)
        // Plain loops over integers: tests draw many million pixels without optimisation.
        let (lastX, lastY, last) = (max(width - 1, 1), max(height - 1, 1), max(width + height - 2, 1))
        var y = 0
        while y < height {
            var row = plane.mutableRow(y)
            var (x, index) = (0, 0)
            while x < width {
                let noise = grain > 0 ? Int(random.next() % UInt64(2 * grain + 1)) - grain : 0
                row[index] = clamped(230 * x / lastX + noise)
                if channels > 1 { row[index + 1] = clamped(230 * y / lastY + noise) }
                if channels > 2 { row[index + 2] = clamped((x / 23 + y / 31) & 1 == 0 ? 168 + noise : 128 + noise) }
                if channels > 3 { row[index + 3] = clamped(255 * (x + y) / last) }
                x += 1
                index += channels
            }
            y += 1
        }
        return plane
    }

    private static func clamped(_ value: Int) -> UInt8 { value < 0 ? 0 : value > 255 ? 255 : UInt8(value) }

    /// Flat areas and thin lines in few colours, as on a screen.
    static func screen(width: Int, height: Int) -> Plane {
        let plane = Plane(width: width, height: height, channels: 3)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                let isLine = y % 24 == 3 || (x % 40 == 5 && y % 24 > 8)
                let colour: [UInt8] = isLine ? [240, 230, 90] : y < height / 8 ? [40, 60, 90] : [20, 22, 30]
                for channel in 0..<3 { row[x * 3 + channel] = colour[channel] }
            }
        }
        return plane
    }

    /// Red, green, blue and white quarters, clockwise from the upper left.
    static func quarters(width: Int, height: Int) -> Plane {
        let plane = Plane(width: width, height: height, channels: 3)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                let colour: [UInt8] =
                    switch (x < width / 2, y < height / 2) {
                    case (true, true): [220, 30, 30]
                    case (false, true): [30, 200, 40]
                    case (false, false): [30, 40, 220]
                    case (true, false): [240, 240, 240]
                    }
                for channel in 0..<3 { row[x * 3 + channel] = colour[channel] }
            }
        }
        return plane
    }

    /// A JPEG file of an RGB plane.
    static func jpeg(
        _ plane: Plane, quality: Double = 92, subsamples: Bool = true, coding: JPEGEncoder.Coding = .optimized,
        segments: [MetadataSegment] = []
    ) throws -> [UInt8] {
        let planar = PlanarSink(.interleaved(width: plane.width, height: plane.height, channels: plane.channels))
        for y in 0..<plane.height { try planar.receive(plane.row(y), plane: 0) }
        let cancellation = CancellationFlag()
        let target = RasterShape.planar(
            width: plane.width, height: plane.height, isGray: plane.channels < 3, subsamplesChroma: subsamples)
        let raster = try PixelSupply.resize(planar.raster, to: target, cancellation: cancellation)
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: plane.width, height: plane.height, isGray: plane.channels < 3, subsamplesChroma: subsamples,
                quality: quality, coding: coding, byteLimit: .max / 2),
            segments: segments, cancellation: cancellation)
        try raster.send(to: sink, cancellation: cancellation)
        guard try sink.finish() else { throw ImageError(.codecFailed, "the test image has no limit") }
        return sink.bytes()
    }

    /// A PNG file of a plane.
    static func png(_ plane: Plane, options: PNGEncoderOptions = PNGEncoderOptions()) throws -> [UInt8] {
        var encoder = try PNGEncoder(
            width: plane.width, height: plane.height, layout: PNGLayout(channels: plane.channels, bits: 8),
            options: options)
        for y in 0..<plane.height { try encoder.write(plane.row(y)) }
        return try encoder.finish() ?? []
    }

    /// An EXIF segment that says how the image is turned, with filler that stands for a thumbnail.
    static func exif(_ orientation: Orientation, filler: Int = 0) -> MetadataSegment {
        MetadataSegment(
            marker: 0xE1,
            payload: Array("Exif\0\0".utf8) + EXIFBlock.minimal(orientation) + [UInt8](repeating: 7, count: filler))
    }

    /// What a file decodes to, upright, in sRGB, interleaved.
    static func decoded(_ bytes: [UInt8], policy: FitPolicy = FitPolicy()) throws -> Plane {
        let source = ImageSource(bytes: bytes)
        let reader = ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: policy, memory: 1 << 30,
            cache: ColourConversionCache(), cancellation: CancellationFlag())
        let supply = try PixelSupply.holding(reader, demand: PixelDemand(isPlanar: false))
        let raster = supply.heldRaster.map { $0.upright(reader.header.orientation) }
        guard let plane = raster?.planes.first else { throw ImageError(.codecFailed, "nothing was held") }
        return plane
    }

    /// The loss of an image against its original, at the original's size, on means of four pixels, which is about what an
    /// eye sees.
    static func loss(of image: Plane, against original: Plane) throws -> Double {
        let width = max(original.width / 2, 1)
        let height = max(original.height / 2, 1)
        func halved(_ plane: Plane) throws -> Plane {
            let raster = Raster(
                .interleaved(width: plane.width, height: plane.height, channels: plane.channels), planes: [plane])
            let whole = try PixelSupply.resize(
                raster, to: .interleaved(width: original.width, height: original.height, channels: plane.channels),
                cancellation: CancellationFlag())
            return try PixelSupply.resize(
                whole, to: .interleaved(width: width, height: height, channels: plane.channels),
                cancellation: CancellationFlag()
            ).planes[0]
        }
        return difference(try halved(image), try halved(original))
    }

    /// Mean absolute difference of two planes of one shape.
    static func difference(_ first: Plane, _ second: Plane) -> Double {
        guard first.width == second.width, first.height == second.height, first.channels == second.channels else {
            return .infinity
        }
        var sum = 0
        for y in 0..<first.height {
            let a = first.row(y)
            let b = second.row(y)
            for index in a.indices { sum += abs(Int(a[index]) - Int(b[index])) }
        }
        return Double(sum) / Double(first.width * first.height * first.channels)
    }
}

extension FittedImage {
    /// The result's bytes; those of `source` when it is to be passed on.
    func bytes(of source: [UInt8]) -> [UInt8] {
        switch content {
        case .source: source
        case .bytes(let bytes): bytes
        }
    }
}
