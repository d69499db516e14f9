// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

@Suite struct WebPFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))
    private let everything: Set<ImageFormat> = [.jpeg, .png, .webp]

    private func fit(
        _ bytes: [UInt8], _ limit: Int, _ policy: FitPolicy = FitPolicy(), formats: Set<ImageFormat>? = nil
    ) async throws -> FittedImage {
        try await fitter.fit(
            ImageSource(bytes: bytes), limits: Limits(byteLimit: limit, formats: formats ?? everything), policy: policy)
    }

    @Test("A WebP that complies is passed on where WebP is taken, and becomes another format elsewhere")
    func passedOn() async throws {
        for name in ["lossy", "alpha-lossless", "animated"] {
            let file = try WebPFixtures.file(name)
            #expect(try await fit(file, 10_000).status == .copied)
            let other = try await fit(file, 10_000, formats: [.jpeg, .png])
            #expect(other.status == .fitted && other.format != .webp)
            #expect(other.warnings.contains { $0.contains("frame 1 of 3 alone") } == (name == "animated"))
        }
    }

    @Test("One frame of an animation that complies is taken where it is asked for", arguments: [1, 3])
    func page(number: Int) async throws {
        let file = try WebPFixtures.file("animated")
        var policy = FitPolicy(format: .webp)
        policy.page = number
        let image = try await fit(file, 10_000, policy)
        let header = try probe(image.bytes(of: file))
        #expect(image.status == .fitted && image.format == .webp && header.frameCount == 1)
        #expect(image.warnings.contains { $0.contains("frame \(number) of 3 alone") })
        let expected = try FixtureFolder.decoded(file, policy: policy)
        let found = try FixtureFolder.decoded(image.bytes(of: file))
        #expect(
            FixtureFolder.difference(
                found.samples, found.channels, expected.samples, expectedChannels: expected.channels) == 0)
    }

    @Test("Sides that a WebP cannot have are reduced, or refused where they are to be kept")
    func sides() async throws {
        let input = try DrawnImage.png(DrawnImage.screen(width: 16_500, height: 4))
        let image = try await fit(input, 1_000_000, FitPolicy(format: .webp))
        #expect(image.format == .webp && image.width == 16_383 && image.height == 4)
        await #expect { try await fit(input, 1_000_000, FitPolicy(keepsSize: true, format: .webp)) } throws: {
            ($0 as? ImageError)?.code == .cannotFit
        }
    }

    @Test("A photo with very few bits for each pixel may become a WebP, with others it stays JPEG")
    func fewBits() throws {
        let header = ImageHeader(format: .jpeg, width: 1000, height: 1000)
        func plan(_ limit: Int, _ formats: Set<ImageFormat>) throws -> FitPlan {
            try FitPlan.make(
                header: header, byteCount: 500_000, limits: Limits(byteLimit: limit, formats: formats),
                policy: FitPolicy())
        }
        #expect(try plan(24_999, everything).mayBecomeWebP)
        #expect(try !plan(25_000, everything).mayBecomeWebP)
        #expect(try !plan(24_999, [.jpeg, .png]).mayBecomeWebP)
    }

    @Test("Memory for the encoder is admitted, and where it is not there no WebP is chosen")
    func memory() async throws {
        let input = try DrawnImage.png(DrawnImage.screen(width: 900, height: 700), options: PNGEncoderOptions(level: 0))
        let smallest = try await fit(input, 1_000_000).byteCount
        let small = ImageFitter(configuration: .init(memory: 24 << 20, threads: 1))
        let limits = Limits(byteLimit: smallest * 3 / 4, formats: everything)
        #expect(try await small.fit(ImageSource(bytes: input), limits: limits).format != .webp)
        await #expect {
            try await small.fit(ImageSource(bytes: input), limits: limits, policy: FitPolicy(format: .webp))
        } throws: { ($0 as? ImageError)?.code == .memoryExceeded }
    }

    @Test("Metadata alone over the limit are removed without touching pixels")
    func stripped() async throws {
        let still = try WebPFixtures.file("lossless")
        let file = try WebPContainer.adding(
            EmbeddedMetadata(exif: EXIFBlock.minimal(.upright), xmp: [UInt8](repeating: 0x20, count: 300)),
            profile: nil,
            to: still, width: 37, height: 23, hasAlpha: false)
        let image = try await fit(file, file.count - 20)
        #expect(image.status == .stripped && image.format == .webp && image.byteCount <= file.count - 20)
    }

    @Test("A WebP that is asked for fits and uses the limit", arguments: [3_000, 9_000, 20_000], [3, 4])
    func asked(limit: Int, channels: Int) async throws {
        let plane = DrawnImage.scene(width: 300, height: 220, channels: channels)
        let input = try DrawnImage.png(plane)
        let image = try await fit(input, limit, FitPolicy(format: .webp))
        #expect(image.format == .webp && image.byteCount <= limit)
        #expect(Double(image.byteCount) > 0.6 * Double(limit))
        #expect(try probe(image.bytes(of: input)).hasAlpha == (channels == 4))
    }

    @Test("A graphic that is asked for as a WebP is kept without loss where that fits")
    func losslessGraphic() async throws {
        let plane = DrawnImage.screen(width: 640, height: 480)
        let input = try DrawnImage.png(plane, options: PNGEncoderOptions(level: 0))
        // libwebp takes about 150 bytes.
        let image = try await fit(input, 1_000, FitPolicy(format: .webp))
        #expect(image.format == .webp && image.scale == 1 && image.quality == nil)
        #expect(DrawnImage.difference(try DrawnImage.decoded(image.bytes(of: input)), plane) == 0)
    }

    @Test("A photo stays JPEG as long as it has bits enough")
    func photo() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 600, height: 400, grain: 20), quality: 95)
        #expect(try await fit(input, 40_000).format == .jpeg)
    }

    @Test("Orientation is applied, and a turned WebP comes out upright")
    func upright() async throws {
        let file = try WebPFixtures.file("orientation-6")
        let image = try await fit(file, 10_000, FitPolicy(format: .png))
        #expect(image.width == 23 && image.height == 37)
        #expect(try probe(image.bytes(of: file)).orientation == .upright)
    }

    @Test("Kept metadata go along in the output")
    func metadata() async throws {
        let input = try WebPFixtures.file("metadata")
        let image = try await fit(
            input, 5_000, FitPolicy(format: .webp, metadata: .keep, background: .white), formats: [.webp])
        #expect(image.format == .webp)
        let plane = try await fitter.fit(
            ImageSource(bytes: input), limits: Limits(byteLimit: 5_000, maximumSide: 20, formats: [.webp]),
            policy: FitPolicy(format: .webp, metadata: .keep))
        let header = try probe(plane.bytes(of: input))
        #expect(header.metadata.exif > 0 && header.metadata.xmp > 0 && header.iccProfileName != nil)
        #expect(header.orientation == .upright && header.height > header.width)
    }

    @Test("A limit under any WebP is an error that says so")
    func outOfReach() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 90, height: 60))
        await #expect { try await fit(input, 20, FitPolicy(format: .webp)) } throws: {
            ($0 as? ImageError)?.code == .cannotFit
        }
    }
}
