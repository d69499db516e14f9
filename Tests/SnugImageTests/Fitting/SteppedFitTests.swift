// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// The documented textbook method, against a reimplementation that encodes each step by itself.
@Suite struct SteppedFitTests {
    private struct Step: Equatable {
        var width: Int
        var height: Int
        var quality: Int
        var byteCount: Int
    }

    /// Size of the image at a step, by the plain way: decode, resize, encode.
    private func size(of input: [UInt8], width: Int, height: Int, quality: Int) throws -> Int {
        let decoded = try DrawnImage.decoded(input)
        let source = Raster(
            .interleaved(width: decoded.width, height: decoded.height, channels: 3), planes: [decoded])
        let resized = try PixelSupply.resize(
            source, to: .interleaved(width: width, height: height, channels: 3), cancellation: CancellationFlag())
        return try DrawnImage.jpeg(resized.planes[0], quality: Double(quality)).count
    }

    private func fit(_ input: [UInt8], _ limit: Int, keepsSize: Bool = false) async throws -> FittedImage {
        try await ImageFitter(configuration: .init(memory: 1 << 30, threads: 1)).fit(
            ImageSource(bytes: input), limits: Limits(byteLimit: limit),
            policy: FitPolicy(strategy: .stepped, keepsSize: keepsSize, chroma: .s420))
    }

    @Test("The first scale is the root of limit over size, truncated", arguments: [0.3, 0.5, 0.8])
    func firstScale(share: Double) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 310), quality: 90)
        let limit = Int(Double(input.count) * share)
        let image = try await fit(input, limit)
        let factor = (Double(limit) / Double(input.count)).squareRoot()
        #expect(image.byteCount <= limit)
        #expect(image.width == Int(420 * factor) && image.height == Int(310 * factor))
    }

    @Test("Qualities are 85, 80 … 50, and the step before the result was over the limit", arguments: [0.25, 0.4, 0.6])
    func qualities(share: Double) async throws {
        // High quality in the source makes 85 too large at the first scale.
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 310, grain: 30), quality: 82)
        let limit = Int(Double(input.count) * share)
        let image = try await fit(input, limit)
        let quality = Int(try #require(image.quality))
        #expect(stride(from: 85, through: 50, by: -5).contains(quality) && image.byteCount <= limit)
        if quality < 85 {
            let before = try size(of: input, width: image.width, height: image.height, quality: quality + 5)
            #expect(Double(before) > Double(limit) * 0.97)
        }
    }

    @Test("With a fixed size the qualities start at 95", arguments: [0.45, 0.6, 0.9])
    func fixedSize(share: Double) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 310, grain: 20), quality: 97)
        let limit = Int(Double(input.count) * share)
        let image = try await fit(input, limit, keepsSize: true)
        let quality = Int(try #require(image.quality))
        #expect(stride(from: 95, through: 50, by: -5).contains(quality))
        #expect(image.width == 420 && image.height == 310 && image.byteCount <= limit)
        if quality < 95 {
            #expect(Double(try size(of: input, width: 420, height: 310, quality: quality + 5)) > Double(limit) * 0.97)
        }
        #expect(image.encodes == (95 - quality) / 5 + 1)
    }

    @Test(
        "A limit out of reach names the settings, and the smallest size where it was measured",
        arguments: [true, false])
    func outOfReach(keepsSize: Bool) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 300, height: 200), quality: 95)
        await #expect { try await fit(input, 300, keepsSize: keepsSize) } throws: {
            guard let error = $0 as? ImageError, error.code == .cannotFit else { return false }
            // At full size each quality was broken off at the limit.
            if keepsSize {
                return error.details["smallest_bytes"] == nil
                    && error.settings == [.byteLimit, .qualityFloor, .keepsSize]
            }
            guard case .integer(let smallest) = error.details["smallest_bytes"] else { return false }
            return smallest > 300 && error.settings == [.byteLimit, .qualityFloor]
        }
    }

    @Test("One input gives one output")
    func deterministic() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 420, height: 310), quality: 95)
        #expect(try await fit(input, 20_000).bytes(of: input) == fit(input, 20_000).bytes(of: input))
    }
}
