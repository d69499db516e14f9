// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// The search for steps that fill a limit, and what it writes.
@Suite struct RequantisationTests {
    private static let effortCases = FitPolicy.Effort.allCases

    private func source(_ bytes: [UInt8]) throws -> any CoefficientSource { try #require(try coefficientSource(bytes)) }

    private func work(
        _ source: any CoefficientSource, limit: Int, floor: Int = 1, ceiling: Int? = nil,
        effort: FitPolicy.Effort = .standard, segments: [MetadataSegment] = []
    ) throws -> Requantisation {
        try Requantisation(
            source, shape: .fullSize, segments: segments, limit: limit, floor: floor, ceiling: ceiling, effort: effort,
            cancellation: CancellationFlag())
    }

    /// Steps as a file has them, in the order of the file.
    private func steps(_ bytes: [UInt8]) throws -> [[UInt16]] {
        let source = try source(bytes)
        return try #require(source.steps)
    }

    @Test(
        "Where the limit allows, every coefficient stays", arguments: [JPEGEncoder.Coding.optimized, .progressive],
        effortCases)
    func lossless(coding: JPEGEncoder.Coding, effort: FitPolicy.Effort) throws {
        for (channels, subsamples) in [(3, true), (3, false), (1, false)] {
            let bytes = try DrawnImage.jpeg(
                DrawnImage.scene(width: 90, height: 61, channels: channels), quality: 88, subsamples: subsamples,
                coding: coding)
            let work = try work(try source(bytes), limit: bytes.count * 2, effort: effort)
            guard case .done(let output, let encodes) = try work.encode() else {
                Issue.record("not fitted")
                continue
            }
            #expect(output.isLossless && encodes == 1)
            #expect(JPEGReference.coefficients(of: output.bytes) == JPEGReference.coefficients(of: bytes))
        }
    }

    @Test("Whatever the limit, it is kept, and the steps are no finer than the source's", arguments: UInt64(1)...12)
    func limits(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = try DrawnImage.jpeg(
            DrawnImage.scene(
                width: Int.random(in: 20...150, using: &random), height: Int.random(in: 20...120, using: &random),
                grain: Int.random(in: 0...30, using: &random), seed: seed),
            quality: Double.random(in: 60...98, using: &random), subsamples: Bool.random(using: &random))
        let source = try source(bytes)
        let before = try #require(source.steps)
        let effort = Self.effortCases.randomElement(using: &random) ?? .standard
        for _ in 0..<3 {
            let limit = Int.random(in: 700...max(bytes.count * 11 / 10, 800), using: &random)
            switch try work(source, limit: limit, effort: effort).encode() {
            case .done(let output, let encodes):
                #expect(output.bytes.count <= limit && (1...5).contains(encodes))
                let after = try steps(output.bytes)
                for (own, finest) in zip(after.joined(), before.joined()) { #expect(own >= finest) }
                #expect(output.quality == StepTables.quality(of: after[0]))
                #expect(try DrawnImage.decoded(output.bytes).width == source.layout.width)
            case .tooLarge(let smallest, _): #expect(smallest > limit)
            }
        }
    }

    @Test(
        "Nine tenths of a limit within reach are used, whatever the effort", arguments: [0.35, 0.5, 0.7, 0.9],
        effortCases)
    func use(share: Double, effort: FitPolicy.Effort) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 260, height: 190, grain: 16), quality: 94)
        let limit = Int(Double(bytes.count) * share)
        guard case .done(let output, _) = try work(try source(bytes), limit: limit, effort: effort).encode() else {
            Issue.record("not fitted")
            return
        }
        #expect(output.bytes.count <= limit && Double(output.bytes.count) >= 0.9 * Double(limit))
    }

    @Test(
        "A large image whose pixels are held takes one encode, however uneven it is",
        arguments: [0.3, 0.6, 1, 2, 4], [true, false])
    func once(bitsPerPixel: Double, isTurned: Bool) throws {
        let (width, height) = (1_280, 960)
        let (rough, soft) = (
            DrawnImage.scene(width: width, height: height, grain: 25),
            DrawnImage.scene(width: width, height: height, grain: 2, seed: 9)
        )
        let raster = Raster(.planar(width: width, height: height, isGray: false, subsamplesChroma: true))
        for (index, plane) in raster.planes.enumerated() {
            for y in 0..<plane.height {
                let step = index > 0 ? 2 : 1
                let scene = (y * step > height / 2) == isTurned ? soft : rough
                let from = scene.row(y * step)
                var row = plane.mutableRow(y)
                for x in row.indices { row[x] = from[x * step * 3 + index] }
            }
        }
        let source = try #require(PixelSource(PixelSupply(raster, cancellation: CancellationFlag())))
        let limit = Int(Double(width * height) * bitsPerPixel / 8)
        guard case .done(let output, let encodes) = try work(source, limit: limit).encode() else {
            Issue.record("not fitted")
            return
        }
        #expect(encodes == 1 && output.bytes.count <= limit && Double(output.bytes.count) >= 0.985 * Double(limit))
        #expect(try DrawnImage.decoded(output.bytes).width == width)
    }

    @Test("Qualities stay between floor and ceiling", arguments: [(30, 60), (50, 50), (70, 90)])
    func range(floor: Int, ceiling: Int) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 90, grain: 16), quality: 97)
        let source = try source(bytes)
        let shape = StepTables(.fullSize, layout: source.layout, sourceSteps: source.steps)
        let coarsest = shape.steps(scale: shape.scale(quality: floor))
        let finest = shape.steps(scale: shape.scale(quality: ceiling))
        for share in [0.2, 0.5, 0.9] {
            guard
                case .done(let output, _) = try work(
                    source, limit: Int(Double(bytes.count) * share), floor: floor, ceiling: ceiling
                ).encode()
            else { continue }
            for (index, step) in try steps(output.bytes).joined().enumerated() {
                let place = (index / 64, index % 64)
                #expect((finest[place.0][place.1]...coarsest[place.0][place.1]).contains(step))
            }
        }
    }

    @Test("A limit that no allowed steps reach is told with the smallest size", arguments: effortCases)
    func outOfReach(effort: FitPolicy.Effort) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 90, grain: 30), quality: 95)
        let work = try work(try source(bytes), limit: 1_000, floor: 80, effort: effort)
        guard case .tooLarge(let smallest, _) = try work.encode() else {
            Issue.record("fitted")
            return
        }
        #expect(work.choice.isTooLarge && smallest > 1_000 && smallest < bytes.count)
    }

    @Test("Segments count towards the limit and are in the file")
    func segments() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 90, grain: 16), quality: 95)
        let segment = MetadataSegment(marker: 0xE1, payload: [UInt8](repeating: 0x55, count: 1_500))
        let limit = bytes.count * 8 / 10
        guard case .done(let output, _) = try work(try source(bytes), limit: limit, segments: [segment]).encode() else {
            Issue.record("not fitted")
            return
        }
        #expect(output.bytes.count <= limit)
        var reader = JPEGSegmentReader(ImageSource(bytes: output.bytes))
        var found = false
        while let next = try reader.next(), next.marker != JPEGMarker.startOfScan {
            found = found || next.marker == 0xE1 && Array(output.bytes[next.payload]) == segment.payload
        }
        #expect(found)
    }

    @Test("Coarser steps are estimated at fewer bytes, and the estimate is the file's size")
    func estimates() throws {
        for isProgressive in [false, true] {
            let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150, grain: 14), quality: 95)
            let source = try source(bytes)
            let tables = StepTables(.fullSize, layout: source.layout, sourceSteps: source.steps)
            let evaluator = try RateEvaluator(
                try source.wholeSample(), stepTables: tables, isProgressive: isProgressive, segments: [],
                cancellation: CancellationFlag())
            var previous = Double.infinity
            for scale in [1.0, 2, 4, 8] {
                let estimate = try evaluator.estimate(RateModel(scale: scale, lambdaFactor: 1)).bytes
                #expect(estimate < previous)
                let written = try source.file(isProgressive: isProgressive, scale: scale, lambda: 1)
                // The file was written without learnt costs, as the estimate was.
                #expect(abs(estimate / Double(written.count) - 1) < 0.01, "\(scale)")
                previous = estimate
            }
            var dearest = Double.infinity
            for lambda in [0, 0.5, 1, 2, 4] {
                let estimate = try evaluator.estimate(RateModel(scale: 2, lambdaFactor: lambda)).bytes
                #expect(estimate <= dearest * 1.002)
                dearest = estimate
            }
        }
    }

    @Test("Half the chroma resolution is preferred for soft chroma only, and where there is full chroma")
    func halfChroma() throws {
        func prefers(_ plane: Plane, subsamples: Bool) throws -> Bool {
            let bytes = try DrawnImage.jpeg(plane, quality: 96, subsamples: subsamples)
            return try work(try source(bytes), limit: bytes.count / 4).prefersHalfChroma
        }
        let soft = DrawnImage.scene(width: 160, height: 120, grain: 0)
        let lines = Plane(width: 160, height: 120, channels: 3)
        for y in 0..<120 {
            var row = lines.mutableRow(y)
            for x in 0..<160 {
                let colour: [UInt8] = x.isMultiple(of: 2) ? [230, 20, 40] : [20, 60, 230]
                for channel in 0..<3 { row[x * 3 + channel] = colour[channel] }
            }
        }
        #expect(try prefers(soft, subsamples: false))
        #expect(try !prefers(lines, subsamples: false))
        #expect(try !prefers(soft, subsamples: true))
    }

    @Test("A cancelled search stops")
    func cancelled() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 90, height: 60))
        let cancellation = CancellationFlag()
        let source = try source(bytes)
        cancellation.set()
        #expect(throws: CancellationError.self) {
            try Requantisation(
                source, shape: .fullSize, segments: [], limit: 2_000, floor: 1, ceiling: nil, effort: .fast,
                cancellation: cancellation)
        }
    }
}
