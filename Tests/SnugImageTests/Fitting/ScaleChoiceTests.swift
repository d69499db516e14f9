// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The choice of scale, seen from outside.
@Suite struct ScaleChoiceTests {
    private func fit(_ input: [UInt8], _ limit: Int, _ policy: FitPolicy = FitPolicy()) async throws -> FittedImage {
        try await ImageFitter(configuration: .init(memory: 1 << 30, threads: 1)).fit(
            ImageSource(bytes: input), limits: Limits(byteLimit: limit), policy: policy)
    }

    @Test("With plenty of bits a pixel the size stays", arguments: [1.8, 2.5])
    func plenty(bitsPerPixel: Double) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 500, height: 400, grain: 8))
        let image = try await fit(input, Int(bitsPerPixel * 500 * 400 / 8), FitPolicy(format: .jpeg))
        #expect(image.scale == 1)
    }

    @Test("With few bits a pixel the image is scaled rather than ruined", arguments: [0.1, 0.2])
    func few(bitsPerPixel: Double) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 500, height: 400, grain: 25))
        let image = try await fit(input, Int(bitsPerPixel * 500 * 400 / 8), FitPolicy(format: .jpeg))
        #expect(image.scale < 0.9 && (image.quality ?? 0) >= 60)
    }

    @Test("More bytes never give a smaller image")
    func order() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 400, height: 300, grain: 20))
        var previous = 0
        for limit in [2_500, 5_000, 10_000, 20_000, 40_000] {
            let image = try await fit(input, limit, FitPolicy(format: .jpeg))
            #expect(Double(image.width) >= Double(previous) * 0.98, "\(limit)")
            previous = image.width
        }
    }

    @Test("A fixed size is kept at any limit that fits", arguments: [9_000, 14_000, 30_000])
    func fixedSize(limit: Int) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 300, height: 200, grain: 8))
        let image = try await fit(input, limit, FitPolicy(keepsSize: true, format: .jpeg))
        #expect(image.width == 300 && image.height == 200 && image.byteCount <= limit)
    }
}
