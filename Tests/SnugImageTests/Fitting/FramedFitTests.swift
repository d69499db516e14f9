// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Outputs of an exact size, pixel by pixel.
@Suite struct FramedFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))

    private func fit(
        _ bytes: [UInt8], _ frame: ExactFrame, limits: Limits = Limits(), _ policy: FitPolicy = FitPolicy(format: .png)
    ) async throws -> FittedImage {
        var policy = policy
        policy.frame = frame
        return try await fitter.fit(ImageSource(bytes: bytes), limits: limits, policy: policy)
    }

    private func noise(width: Int, height: Int, channels: Int, seed: UInt64 = 4) -> Plane {
        var random = SeededGenerator(seed: seed)
        let plane = Plane(width: width, height: height, channels: channels)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in row.indices { row[x] = UInt8.random(in: 0...255, using: &random) }
        }
        return plane
    }

    private func pixel(_ plane: Plane, _ x: Int, _ y: Int) -> [UInt8] {
        let row = plane.row(y)
        return (0..<plane.channels).map { row[x * plane.channels + $0] }
    }

    @Test(
        "A padded image stands in the middle, every pixel of it and of its background",
        arguments: [(20, 10), (31, 17), (21, 11), (20, 11), (24, 10), (21, 40)], [1, 3, 4])
    func pad(frame: (width: Int, height: Int), channels: Int) async throws {
        let plane = noise(width: 20, height: 10, channels: channels)
        let background = RGBColour(red: 200, green: 10, blue: 90)
        for colour in [nil, background] {
            let image = try await fit(
                try DrawnImage.png(plane), ExactFrame(width: frame.width, height: frame.height, filling: .pad),
                FitPolicy(format: .png, background: channels == 4 ? nil : colour))
            #expect(
                image.width == frame.width && image.height == frame.height && image.scale == Double(frame.width) / 20)
            let decoded = try DrawnImage.decoded(image.bytes(of: try DrawnImage.png(plane)))
            let (left, top) = ((frame.width - 20) / 2, (frame.height - 10) / 2)
            for y in 0..<frame.height {
                for x in 0..<frame.width {
                    let isInside = (left..<left + 20).contains(x) && (top..<top + 10).contains(y)
                    let shown = colour ?? .white
                    let around: [UInt8]
                    switch channels {
                    // BT.601's luma of the colour, cut to a whole number.
                    case 1: around = [colour == nil ? 255 : 75]
                    case 3: around = [shown.red, shown.green, shown.blue]
                    default: around = [0, 0, 0, 0]
                    }
                    let expected = isInside ? pixel(plane, x - left, y - top) : around
                    let found = pixel(decoded, x, y)
                    // Grays come back as gray, opaque pixels without alpha.
                    #expect(found == Array(expected.prefix(found.count)), "\(x), \(y)")
                    if channels == 4 && found.count == 3 { Issue.record("alpha was lost") }
                }
            }
        }
    }

    @Test("A cropped image keeps its middle", arguments: [(20, 6), (20, 7), (20, 9)])
    func crop(frame: (width: Int, height: Int)) async throws {
        let plane = noise(width: 20, height: 10, channels: 3)
        let input = try DrawnImage.png(plane)
        let image = try await fit(input, ExactFrame(width: frame.width, height: frame.height, filling: .crop))
        let decoded = try DrawnImage.decoded(image.bytes(of: input))
        let top = (10 - frame.height) / 2
        for y in 0..<frame.height {
            for x in 0..<frame.width { #expect(pixel(decoded, x, y) == pixel(plane, x, y + top)) }
        }
    }

    @Test("An image is turned before it is framed", arguments: Orientation.allCases)
    func turned(orientation: Orientation) async throws {
        var options = PNGEncoderOptions()
        options.exif = EXIFBlock.minimal(orientation)
        let plane = DrawnImage.quarters(width: 12, height: 8)
        let input = try DrawnImage.png(plane, options: options)
        let image = try await fit(input, ExactFrame(width: 14, height: 14, filling: .pad))
        let decoded = try DrawnImage.decoded(image.bytes(of: input))
        let upright = OrientationTransform.upright(plane, orientation: orientation)
        let (left, top) = ((14 - upright.width) / 2, (14 - upright.height) / 2)
        for y in 0..<upright.height {
            for x in 0..<upright.width { #expect(pixel(decoded, x + left, y + top) == pixel(upright, x, y)) }
        }
        #expect(try probe(image.bytes(of: input)).orientation == .upright)
    }

    @Test(
        "A larger image is scaled as the resampler does, then cropped or padded",
        arguments: [(40, 30), (33, 33), (25, 50)], ExactFrame.Filling.allCases)
    func scaled(size: (width: Int, height: Int), filling: ExactFrame.Filling) async throws {
        let frame = ExactFrame(width: size.width, height: size.height, filling: filling)
        let plane = DrawnImage.scene(width: 90, height: 70, grain: 20)
        let input = try DrawnImage.png(plane)
        let scaledSize = try frame.scaledSize(width: 90, height: 70)
        let raster = TestRaster(
            width: 90, height: 70, channels: 3, samples: Array(rows(of: plane).joined()))
        let expected = ReferenceResampler().resize(raster, scaledSize.width, scaledSize.height)
        let image = try await fit(input, frame)
        let decoded = try DrawnImage.decoded(image.bytes(of: input))
        #expect(decoded.width == size.width && decoded.height == size.height)
        let (left, top) = ((size.width - scaledSize.width) / 2, (size.height - scaledSize.height) / 2)
        for y in max(top, 0)..<min(top + scaledSize.height, size.height) {
            for x in max(left, 0)..<min(left + scaledSize.width, size.width) {
                for channel in 0..<3 {
                    let wanted = expected.samples[((y - top) * scaledSize.width + x - left) * 3 + channel]
                    #expect(abs(Int(pixel(decoded, x, y)[channel]) - Int(wanted)) <= 1)
                }
            }
        }
    }

    @Test(
        "The exact size is kept under any limit that fits, in the input's own format", arguments: [3_000, 1_500, 1_100])
    func limits(limit: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 90, grain: 10), quality: 92)
        for filling in ExactFrame.Filling.allCases {
            let image = try await fit(
                input, ExactFrame(width: 50, height: 61, filling: filling), limits: Limits(byteLimit: limit),
                FitPolicy())
            #expect(image.byteCount <= limit && image.format == .jpeg && image.status == .fitted)
            let header = try probe(image.bytes(of: input))
            #expect(header.width == 50 && header.height == 61)
        }
        await #expect(throws: ImageError.self) {
            try await fit(
                input, ExactFrame(width: 50, height: 61, filling: .pad), limits: Limits(byteLimit: 300), FitPolicy())
        }
    }

    @Test("An image of the exact size is passed on, one too small to be cropped is refused with a way out")
    func edges() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 40, height: 30))
        for filling in ExactFrame.Filling.allCases {
            let frame = ExactFrame(width: 40, height: 30, filling: filling)
            #expect(try await fit(input, frame, FitPolicy()).status == .copied)
        }
        await #expect {
            try await fit(input, ExactFrame(width: 41, height: 10, filling: .crop), FitPolicy())
        } throws: {
            let error = $0 as? ImageError
            return error?.code == .cannotFit && error?.message.contains("pad it instead") == true
        }
    }

    /// Limits on an exact size of 40×30.
    enum Bound: String, CaseIterable {
        case longer = "longer side", shorter = "shorter side", width, height, pixels, least = "required"

        /// Limits that just do not allow the size, and those that just do.
        func limits(allows: Bool) -> Limits {
            var limits = Limits()
            let more = allows ? 1 : 0
            switch self {
            case .longer: limits.maximumSide = 39 + more
            case .shorter: limits.maximumShortSide = 29 + more
            case .width: limits.maximumWidth = 39 + more
            case .height: limits.maximumHeight = 29 + more
            case .pixels: limits.maximumPixelCount = 1_199 + more
            case .least: limits.minimumSide = 31 - more
            }
            return limits
        }
    }

    @Test(
        "An exact size that a limit does not allow is refused by the limit's name, and never made smaller",
        arguments: Bound.allCases)
    func contradiction(bound: Bound) async throws {
        let frame = ExactFrame(width: 40, height: 30, filling: .pad)
        // Also an image that has the size already.
        for more in [0, 20] {
            let input = try DrawnImage.jpeg(DrawnImage.scene(width: 40 + more, height: 30 + more))
            await #expect {
                try await fit(input, frame, limits: bound.limits(allows: false), FitPolicy())
            } throws: {
                let error = $0 as? ImageError
                return error?.code == .invalidArgument && error?.message.contains(bound.rawValue) == true
            }
            let image = try await fit(input, frame, limits: bound.limits(allows: true), FitPolicy())
            #expect(image.width == 40 && image.height == 30)
        }
    }

    @Test("An absurd size is refused, and ends nothing", arguments: [(Int.max, Int.max), (1 << 40, 2), (1, .max)])
    func absurd(width: Int, height: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 8, height: 8))
        await #expect {
            try await fit(input, ExactFrame(width: width, height: height, filling: .pad), FitPolicy())
        } throws: {
            ($0 as? ImageError)?.code == .invalidArgument
        }
    }

    @Test("A scale does not change an exact size")
    func scale() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 80, height: 60))
        var policy = FitPolicy()
        policy.maximumScale = 0.5
        let image = try await fit(input, ExactFrame(width: 40, height: 40, filling: .crop), policy)
        #expect(image.width == 40 && image.height == 40)
    }

    @Test("Memory for the frame is asked for before it is taken")
    func memory() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 40, height: 30))
        let small = ImageFitter(configuration: .init(memory: 32 << 20, threads: 1))
        var policy = FitPolicy()
        policy.frame = ExactFrame(width: 4_000, height: 4_000, filling: .pad)
        await #expect {
            try await small.fit(ImageSource(bytes: input), limits: Limits(), policy: policy)
        } throws: {
            let error = $0 as? ImageError
            return error?.code == .memoryExceeded && error?.settings == [.memory]
        }
    }
}
