// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Which way an image takes, and what comes out at the end of it.
@Suite struct FitRouteTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    private func fit(_ bytes: [UInt8], _ limits: Limits, _ policy: FitPolicy = FitPolicy()) async throws -> FittedImage
    {
        try await fitter.fit(ImageSource(bytes: bytes), limits: limits, policy: policy)
    }

    struct Route: CustomTestStringConvertible, Sendable {
        enum Input: String, Sendable { case photo, gray, screen, alpha, opaqueAlpha }
        var input: Input
        var isPNG = true
        var format = FitPolicy.OutputFormat.automatic
        var accepted: Set<ImageFormat> = [.jpeg, .png]
        var background: RGBColour?
        var strategy = FitPolicy.Strategy.best
        var side: Int? = 100
        var expected: ImageFormat
        var testDescription: String {
            "\(input.rawValue) \(isPNG ? "png" : "jpeg") as \(format.rawValue) \(strategy.rawValue)\(background == nil ? "" : " on a colour")"
        }
    }

    static let routes = [
        Route(input: .photo, expected: .jpeg), Route(input: .photo, isPNG: false, expected: .jpeg),
        Route(input: .photo, format: .png, expected: .png),
        Route(input: .photo, isPNG: false, format: .png, expected: .png),
        Route(input: .photo, format: .keep, expected: .png), Route(input: .photo, accepted: [.png], expected: .png),
        Route(input: .photo, accepted: [.jpeg], expected: .jpeg), Route(input: .screen, expected: .png),
        Route(input: .screen, format: .jpeg, expected: .jpeg), Route(input: .alpha, expected: .png),
        Route(input: .alpha, background: .white, expected: .jpeg),
        Route(input: .alpha, format: .keep, background: .white, expected: .png),
        Route(input: .alpha, accepted: [.jpeg], background: .white, expected: .jpeg),
        Route(input: .opaqueAlpha, expected: .jpeg), Route(input: .opaqueAlpha, format: .jpeg, expected: .jpeg),
        Route(input: .gray, expected: .jpeg), Route(input: .gray, isPNG: false, expected: .jpeg),
        Route(input: .photo, strategy: .stepped, expected: .jpeg),
        Route(input: .photo, isPNG: false, strategy: .stepped, expected: .jpeg),
        Route(input: .alpha, background: .white, strategy: .stepped, expected: .jpeg),
        Route(input: .gray, strategy: .stepped, expected: .jpeg),
    ]

    /// The plane with every alpha sample at its most.
    private func opaque(_ plane: Plane) -> Plane {
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            for x in 0..<plane.width { row[4 * x + 3] = 255 }
        }
        return plane
    }

    private func input(_ route: Route) throws -> [UInt8] {
        let plane: Plane
        switch route.input {
        case .photo: plane = DrawnImage.scene(width: 160, height: 120, grain: 14)
        case .gray: plane = DrawnImage.scene(width: 160, height: 120, channels: 1, grain: 14)
        case .screen: plane = DrawnImage.screen(width: 160, height: 120)
        case .alpha: plane = DrawnImage.scene(width: 160, height: 120, channels: 4, grain: 14)
        case .opaqueAlpha: plane = opaque(DrawnImage.scene(width: 160, height: 120, channels: 4, grain: 14))
        }
        return try route.isPNG ? DrawnImage.png(plane) : DrawnImage.jpeg(plane)
    }

    @Test("The format is the one that suits the image, the API and the request", arguments: routes)
    func format(route: Route) async throws {
        let policy = FitPolicy(strategy: route.strategy, format: route.format, background: route.background)
        let input = try input(route)
        let image = try await fit(
            input, Limits(byteLimit: 60_000, maximumSide: route.side, formats: route.accepted), policy)
        let bytes = image.bytes(of: input)
        let header = try probe(bytes)
        #expect(image.format == route.expected && header.format == route.expected)
        #expect(header.width == 100 && header.height == 75 && image.width == 100 && image.byteCount == bytes.count)
        #expect(bytes.count <= 60_000 && image.status == .fitted)
        #expect(header.hasAlpha == (route.input == .alpha && route.background == nil))
        if route.input == .gray && route.expected == .jpeg { #expect(header.colourModel == .gray) }
    }

    @Test(
        "Transparent pixels and a JPEG without a background do not go together", arguments: FitPolicy.Strategy.allCases)
    func transparentJPEG(strategy: FitPolicy.Strategy) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 80, height: 60, channels: 4))
        await #expect {
            try await fit(input, Limits(maximumSide: 40), FitPolicy(strategy: strategy, format: .jpeg))
        } throws: {
            guard let error = $0 as? ImageError else { return false }
            return error.code == .invalidArgument && error.settings == [.background]
        }
    }

    @Test("A PNG's orientation is applied too, by all eight values", arguments: Orientation.allCases)
    func orientedPNG(orientation: Orientation) async throws {
        let inverse: Orientation =
            switch orientation {
            case .rotated90: .rotated270
            case .rotated270: .rotated90
            default: orientation
            }
        let stored = OrientationTransform.upright(DrawnImage.quarters(width: 96, height: 64), orientation: inverse)
        var options = PNGEncoderOptions()
        options.exif = EXIFBlock.minimal(orientation)
        let input = try DrawnImage.png(stored, options: options)
        #expect(try probe(input).orientation == orientation)
        let image = try await fit(input, Limits(maximumSide: 48), FitPolicy(format: .png))
        let plane = try DrawnImage.decoded(image.bytes(of: input))
        #expect(plane.width == 48 && plane.height == 32)
        for (x, y, colour) in [
            (8, 6, [220, 30, 30]), (40, 6, [30, 200, 40]), (40, 26, [30, 40, 220]), (8, 26, [240, 240, 240]),
        ] {
            let row = plane.row(y)
            #expect((0..<3).allSatisfy { abs(Int(row[3 * x + $0]) - colour[$0]) < 24 })
        }
    }

    @Test(
        "A background is what transparent pixels become",
        arguments: [RGBColour.white, RGBColour(red: 20, green: 120, blue: 220)])
    func background(colour: RGBColour) async throws {
        let plane = Plane(width: 64, height: 48, channels: 4)
        for y in 0..<48 {
            var row = plane.mutableRow(y)
            for x in row.indices { row[x] = 0 }
        }
        let input = try DrawnImage.png(plane)
        let image = try await fit(input, Limits(), FitPolicy(background: colour))
        let decoded = try DrawnImage.decoded(image.bytes(of: input))
        let row = decoded.row(20)
        let channels = decoded.channels
        let expected = [colour.red, colour.green, colour.blue]
        #expect((0..<3).allSatisfy { abs(Int(row[30 * channels + min($0, channels - 1)]) - Int(expected[$0])) <= 3 })
    }

    @Test("An animation is fitted as its first image, with a warning")
    func animation() async throws {
        var builder = PNGBuilder(width: 40, height: 30)
        builder.fill = 0x80
        builder.chunks = [PNGBuilder.chunk("acTL", [0, 0, 0, 3, 0, 0, 0, 0])]
        let image = try await fit(builder.bytes, Limits(maximumSide: 20))
        #expect(image.warnings.contains { $0.contains("frame 1 of") })
    }

    @Test("Scale is the output's side over the upright input's", arguments: [40, 80, 159, 160])
    func scale(side: Int) async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 120, height: 160), segments: [DrawnImage.exif(.rotated90)])
        let image = try await fit(input, Limits(maximumSide: side), FitPolicy(format: .jpeg))
        #expect(image.width == side && abs(image.scale - Double(side) / 160) < 1e-9)
    }
}
