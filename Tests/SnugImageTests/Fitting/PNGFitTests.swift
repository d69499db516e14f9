// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct PNGFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    private func fit(
        _ bytes: [UInt8], _ limit: Int, _ policy: FitPolicy = FitPolicy(format: .png), fitter: ImageFitter? = nil
    ) async throws -> FittedImage {
        try await (fitter ?? self.fitter).fit(
            ImageSource(bytes: bytes), limits: Limits(byteLimit: limit), policy: policy)
    }

    @Test("What fits at full size keeps every pixel", arguments: [1, 2, 3, 4])
    func lossless(channels: Int) async throws {
        let plane = DrawnImage.scene(width: 120, height: 90, channels: channels == 2 ? 4 : channels, grain: 0)
        let input = try DrawnImage.png(plane, options: PNGEncoderOptions(level: 0))
        let image = try await fit(input, input.count - 1)
        #expect(image.format == .png && image.width == 120 && image.height == 90 && image.quality == nil)
        #expect(image.byteCount < input.count)
        let (before, after) = (try DrawnImage.decoded(input), try DrawnImage.decoded(image.bytes(of: input)))
        if before.channels == after.channels { #expect(DrawnImage.difference(before, after) == 0) }
    }

    @Test("What does not fit gives up colours or pixels, and uses the limit", arguments: [8_000, 20_000, 45_000])
    func scaled(limit: Int) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 300, height: 220, channels: 4))
        let image = try await fit(input, limit)
        #expect(image.format == .png && image.byteCount <= limit)
        #expect(Double(image.byteCount) >= 0.7 * Double(limit))
        #expect(try probe(image.bytes(of: input)).hasAlpha)
        let ratio = Double(image.width) / Double(image.height)
        #expect(abs(ratio - 300.0 / 220) < 0.05)
    }

    @Test("Few colours become a palette without any loss")
    func palette() async throws {
        let plane = DrawnImage.screen(width: 320, height: 200)
        let input = try DrawnImage.png(plane, options: PNGEncoderOptions(level: 0))
        let image = try await fit(input, 20_000)
        let bytes = image.bytes(of: input)
        #expect(try probe(bytes).colourModel == .palette && image.byteCount < 4_000)
        #expect(DrawnImage.difference(try DrawnImage.decoded(bytes), plane) == 0)
    }

    @Test("With a fixed size a limit out of reach is an error that names its settings")
    func keepsSize() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 300, height: 220, channels: 4))
        await #expect { try await fit(input, 2_000, FitPolicy(keepsSize: true, format: .png)) } throws: {
            guard let error = $0 as? ImageError, case .integer(let smallest)? = error.details["smallest_bytes"]
            else { return false }
            return error.code == .cannotFit && error.settings == [.byteLimit, .keepsSize] && smallest > 2_000
        }
    }

    @Test("A limit below any PNG is an error, with a background as a remedy where there is alpha", arguments: [3, 4])
    func outOfReach(channels: Int) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 90, height: 60, channels: channels))
        await #expect { try await fit(input, 60) } throws: {
            guard let error = $0 as? ImageError else { return false }
            return error.code == .cannotFit && error.settings.contains(.background) == (channels == 4)
        }
    }

    @Test("One input gives one output")
    func deterministic() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 260, height: 180, channels: 4))
        #expect(try await fit(input, 15_000).bytes(of: input) == fit(input, 15_000).bytes(of: input))
    }

    @Test("With little memory the limit is kept too")
    func lean() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 900, height: 700, channels: 4))
        let image = try await fit(
            input, 120_000, fitter: ImageFitter(configuration: .init(memory: 16 << 20, threads: 1)))
        #expect(image.format == .png && image.byteCount <= 120_000 && image.width < 900)
    }

    @Test("Kept metadata goes along: the orientation reset, the rest unchanged")
    func metadata() async throws {
        var options = PNGEncoderOptions()
        options.exif = EXIFBlock.minimal(.rotated90)
        let input = try DrawnImage.png(DrawnImage.scene(width: 200, height: 120, channels: 4), options: options)
        let image = try await fit(input, 20_000, FitPolicy(format: .png, metadata: .keep))
        let header = try probe(image.bytes(of: input))
        #expect(header.metadata.exif > 0 && header.orientation == .upright && header.height > header.width)
    }
}
