// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// The textbook method bit for bit, against a loop written here over libjpeg as its examples use it.
@Suite struct SteppedReferenceTests {
    /// One encode of the textbook method.
    private struct Step {
        var width: Int
        var height: Int
        var quality: Int
        var bytes: [UInt8]
    }

    /// The documented method: √(limit / size), 85 … 50 by fives, then the area ratio of what was measured.
    private func textbook(
        _ input: [UInt8], planes: [JPEGReference.Plane], limit: Int, keepsSize: Bool
    ) throws -> [Step] {
        var steps: [Step] = []
        var (width, height) = (planes[0].width, planes[0].height)
        func scale(_ ratio: Double) {
            let factor = ratio.squareRoot()
            width = Int(Double(width) * factor)
            height = Int(Double(height) * factor)
        }
        if !keepsSize && input.count > limit { scale(Double(limit) / Double(input.count)) }
        while steps.count < 60 {
            for quality in stride(from: keepsSize ? 95 : 85, through: 50, by: -5) {
                let resized = try resize(planes, width: width, height: height)
                let bytes = JPEGReference.encode(resized, quality: quality)
                steps.append(Step(width: width, height: height, quality: quality, bytes: bytes))
                if bytes.count <= limit { return steps }
            }
            guard !keepsSize, let last = steps.last else { return steps }
            scale(Double(limit) / Double(last.bytes.count))
        }
        return steps
    }

    /// Planes of a size, chroma at half of it, by the resampler that has tests of its own.
    private func resize(
        _ planes: [JPEGReference.Plane], width: Int, height: Int
    ) throws -> [JPEGReference.Plane] {
        let isSubsampled = planes.count == 3 && planes[1].width < planes[0].width
        let source = RasterShape.planar(
            width: planes[0].width, height: planes[0].height, isGray: planes.count == 1,
            subsamplesChroma: isSubsampled)
        let target = RasterShape.planar(
            width: width, height: height, isGray: planes.count == 1, subsamplesChroma: planes.count == 3)
        let raster = Raster(source)
        for (plane, reference) in zip(raster.planes, planes) {
            for y in 0..<plane.height {
                var row = plane.mutableRow(y)
                for x in 0..<plane.width { row[x] = reference.samples[y * reference.width + x] }
            }
        }
        let resized = try PixelSupply.resize(raster, to: target, cancellation: CancellationFlag())
        return resized.planes.map { plane in
            JPEGReference.Plane(
                width: plane.width, height: plane.height,
                samples: (0..<plane.height).flatMap { y in
                    let row = plane.row(y)
                    return row.indices.map { row[$0] }
                })
        }
    }

    private func planes(of input: [UInt8], count: Int) throws -> [JPEGReference.Plane] {
        try (0..<count).map { try #require(JPEGReference.plane($0, of: input)) }
    }

    private func fit(_ input: [UInt8], limit: Int, keepsSize: Bool) async throws -> FittedImage {
        try await ImageFitter(configuration: .init(memory: 1 << 30, threads: 1)).fit(
            ImageSource(bytes: input), limits: Limits(byteLimit: limit),
            policy: FitPolicy(strategy: .stepped, keepsSize: keepsSize))
    }

    private func expectTextbook(
        _ input: [UInt8], components: Int, limit: Int, keepsSize: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let steps = try textbook(
            input, planes: planes(of: input, count: components), limit: limit, keepsSize: keepsSize)
        let last = try #require(steps.last)
        let image = try await fit(input, limit: limit, keepsSize: keepsSize)
        #expect(image.bytes(of: input) == last.bytes, "\(last.width)×\(last.height)", sourceLocation: sourceLocation)
        #expect(image.width == last.width && image.height == last.height, sourceLocation: sourceLocation)
        #expect(image.quality == Double(last.quality) && image.encodes == steps.count, sourceLocation: sourceLocation)
    }

    @Test("A fixed size: every byte is the loop's, from 95 down", arguments: [0.42, 0.5, 0.63, 0.77, 0.9])
    func fixedSize(share: Double) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 333, height: 211, grain: 20), quality: 97)
        try await expectTextbook(
            input, components: 3, limit: Int(Double(input.count) * share), keepsSize: true)
    }

    @Test("A free size: scale, quality and every byte are the loop's", arguments: [0.08, 0.2, 0.37, 0.55, 0.81, 0.97])
    func freeSize(share: Double) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 401, height: 300, grain: 25), quality: 90)
        try await expectTextbook(
            input, components: 3, limit: Int(Double(input.count) * share), keepsSize: false)
    }

    @Test("Gray files take the same steps", arguments: [0.3, 0.6])
    func gray(share: Double) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 310, height: 270, channels: 1, grain: 30), quality: 92)
        try await expectTextbook(
            input, components: 1, limit: Int(Double(input.count) * share), keepsSize: false)
    }

    @Test("Full chroma resolution becomes half, by the exact average", arguments: [true, false])
    func fullChroma(keepsSize: Bool) async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 256, height: 192, grain: 22), quality: 94, subsamples: false)
        try await expectTextbook(input, components: 3, limit: input.count / 2, keepsSize: keepsSize)
    }

    @Test("Noise that no quality makes small is scaled a second time")
    func secondScale() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 320, height: 320, grain: 110), quality: 10)
        let limit = input.count / 2
        let steps = try textbook(input, planes: planes(of: input, count: 3), limit: limit, keepsSize: false)
        #expect(Set(steps.map(\.width)).count > 1, "the test image takes one scale only")
        try await expectTextbook(input, components: 3, limit: limit, keepsSize: false)
    }
}
