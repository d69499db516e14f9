// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Behaviour of the best strategy that any engine has to keep.
@Suite struct JPEGFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    private func fit(_ bytes: [UInt8], _ limit: Int, _ policy: FitPolicy = FitPolicy()) async throws -> FittedImage {
        try await fitter.fit(ImageSource(bytes: bytes), limits: Limits(byteLimit: limit), policy: policy)
    }

    /// The loss of a result against the original, scaled back to the original's size.
    private func loss(_ image: FittedImage, of original: Plane, input: [UInt8]) throws -> Double {
        let decoded = try DrawnImage.decoded(image.bytes(of: input))
        let raster = Raster(
            .interleaved(width: decoded.width, height: decoded.height, channels: decoded.channels), planes: [decoded])
        let target = RasterShape.interleaved(
            width: original.width, height: original.height, channels: decoded.channels)
        let scaled = try PixelSupply.resize(raster, to: target, cancellation: CancellationFlag())
        return DrawnImage.difference(scaled.planes[0], original)
    }

    @Test("Every limit is kept and used", arguments: [4_000, 9_000, 18_000, 35_000, 60_000])
    func usesTheLimit(limit: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 500, height: 380), quality: 98)
        let image = try await fit(input, limit)
        #expect(image.byteCount <= limit)
        #expect(Double(image.byteCount) >= 0.85 * Double(limit))
        #expect(try probe(image.bytes(of: input)).width == image.width)
    }

    @Test("A larger limit never looks clearly worse")
    func order() async throws {
        let original = DrawnImage.scene(width: 420, height: 320, grain: 6)
        let input = try DrawnImage.jpeg(original, quality: 98, subsamples: false)
        var previous = Double.infinity
        for limit in [4_000, 8_000, 16_000, 32_000, 60_000] {
            let loss = try loss(try await fit(input, limit), of: original, input: input)
            #expect(loss < previous * 1.05, "\(limit)")
            previous = loss
        }
    }

    @Test("One input gives one output, whatever the number of jobs")
    func deterministic() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 640, height: 480), quality: 97)
        let first = try await fit(input, 40_000)
        let others = ImageFitter(configuration: .init(memory: 1 << 30, threads: 3))
        let results = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try await others.fit(ImageSource(bytes: input), limits: Limits(byteLimit: 40_000)).bytes(of: input)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for result in results { #expect(result == first.bytes(of: input)) }
    }

    @Test("Quality stays between floor and ceiling", arguments: [(50, 95), (70, 80), (90, 90), (20, 40)])
    func range(floor: Int, ceiling: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 500, height: 380), quality: 98)
        for limit in [12_000, 40_000] {
            let image = try await fit(input, limit, FitPolicy(qualityFloor: floor, qualityCeiling: ceiling))
            let quality = try #require(image.quality)
            #expect(quality >= Double(floor) - 1e-9 && quality <= Double(ceiling) + 1e-9)
            #expect(image.byteCount <= limit)
        }
    }

    @Test("A higher floor gives fewer pixels, never a larger file")
    func floor() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 500, height: 380), quality: 98)
        let low = try await fit(input, 9_000, FitPolicy(qualityFloor: 30))
        let high = try await fit(input, 9_000, FitPolicy(qualityFloor: 88))
        #expect(high.width <= low.width && high.byteCount <= 9_000)
    }

    @Test("Sides keep the ratio of the input", arguments: [(600, 300), (300, 600), (640, 37)])
    func ratio(width: Int, height: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: width, height: height), quality: 98)
        let image = try await fit(input, max(2_500, input.count / 12))
        let scale = Double(image.width) / Double(width)
        #expect(abs(Double(image.height) - Double(height) * scale) <= 1.5)
        #expect(abs(image.scale - scale) < 0.01)
    }

    @Test("Gray stays gray", arguments: [6_000, 20_000])
    func gray(limit: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 500, height: 380, channels: 1), quality: 98)
        let image = try await fit(input, limit)
        #expect(try probe(image.bytes(of: input)).colourModel == .gray && image.byteCount <= limit)
    }

    @Test("The chroma resolution asked for is the output's", arguments: [FitPolicy.ChromaChoice.s420, .s444])
    func chroma(choice: FitPolicy.ChromaChoice) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 300, height: 220))
        let image = try await fit(input, 30_000, FitPolicy(format: .jpeg, chroma: choice))
        let expected: ChromaSubsampling = choice == .s420 ? .s420 : .s444
        #expect(try probe(image.bytes(of: input)).chromaSubsampling == expected)
    }

    @Test("Metadata that is kept counts towards the limit")
    func metadata() async throws {
        let scene = DrawnImage.scene(width: 400, height: 300)
        let input = try DrawnImage.jpeg(scene, quality: 98, segments: [DrawnImage.exif(.upright, filler: 5_000)])
        let image = try await fit(input, 25_000, FitPolicy(metadata: .keep))
        #expect(image.byteCount <= 25_000)
        #expect(try probe(image.bytes(of: input)).metadata.exif > 0)
    }

    @Test("The error for a limit out of reach names its settings", arguments: [true, false])
    func outOfReach(keepsSize: Bool) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 300, height: 200), quality: 95)
        await #expect { try await fit(input, 150, FitPolicy(keepsSize: keepsSize)) } throws: {
            guard let error = $0 as? ImageError, case .integer(let smallest) = error.details["smallest_bytes"] else {
                return false
            }
            return error.code == .cannotFit && smallest > 150 && error.settings.contains(.byteLimit)
                && error.settings.contains(.keepsSize) == keepsSize
        }
    }

    @Test("Three eighths of the size are as good as that size of all pixels")
    func threeEighths() async throws {
        let original = DrawnImage.scene(width: 512, height: 384, grain: 24)
        let input = try DrawnImage.jpeg(original, quality: 92)
        func fitted(_ limit: Int, side: Int? = nil) async throws -> FittedImage {
            try await fitter.fit(
                ImageSource(bytes: input), limits: Limits(byteLimit: limit, maximumSide: side),
                policy: FitPolicy(chroma: .s420))
        }
        var found = 0
        for share in stride(from: 4, through: 30, by: 2) {
            let limit = input.count * share / 100
            let free = try await fitted(limit)
            guard free.width == 192 else { continue }
            found += 1
            let asked = try await fitted(limit, side: 192)
            guard asked.width == 192 else { continue }
            let losses = try [free, asked].map {
                try DrawnImage.loss(of: DrawnImage.decoded($0.bytes(of: input)), against: original)
            }
            #expect(losses[0] <= losses[1] * 1.03, "\(share) %: \(losses)")
        }
        #expect(found > 0)
    }

    @Test("Text and lines keep their size down to the coarsest steps, where photos give up pixels")
    func lines() async throws {
        func scale(_ pixels: Plane) async throws -> Double {
            let input = try DrawnImage.jpeg(pixels, quality: 94)
            // A little less than the lowest quality takes with all of its coefficients.
            var coarse = FitPolicy(keepsSize: true)
            coarse.qualityCeiling = coarse.qualityFloor
            let limit = try await fit(input, input.count - 1, coarse).byteCount * 7 / 8
            let image = try await fit(input, limit)
            #expect(image.byteCount <= limit)
            return image.scale
        }
        #expect(try await scale(DrawnStrokes.plane(width: 400, height: 304)) == 1)
        #expect(try await scale(DrawnImage.scene(width: 400, height: 304, grain: 0)) < 1)
    }

    @Test("Lines that are halved to meet a limit are resampled as a whole, not block by block")
    func halvedLines() async throws {
        let input = try DrawnImage.jpeg(DrawnStrokes.plane(width: 400, height: 304), quality: 92)
        var halved: FittedImage?
        for share in [0.25, 0.2, 0.16, 0.13, 0.1] where halved == nil {
            let image = try await fit(input, Int(Double(input.count) * share))
            if image.width == 200 { halved = image }
        }
        let image = try #require(halved, "one of the limits takes half of the size")
        let output = try DrawnImage.decoded(image.bytes(of: input))
        let half = RasterShape.interleaved(width: 200, height: 152, channels: 3)
        let source = ImageSource(bytes: input)
        let reader = ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: FitPolicy(), memory: 1 << 30,
            cache: ColourConversionCache(), cancellation: CancellationFlag())
        let references = try [8, 4].map { eighths in
            let supply = try PixelSupply.holding(reader, demand: PixelDemand(isPlanar: false, eighths: eighths))
            return try #require(try supply.prepared(half, orientation: .upright).heldRaster?.planes.first)
        }
        #expect(DrawnImage.difference(output, references[0]) < DrawnImage.difference(output, references[1]))
    }
}
