// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// The predicted error of coarser steps and of fewer pixels.
@Suite struct LumaLossTests {
    private static let layout = BlockLayout(width: 96, height: 64, sampling: [(2, 2), (1, 1), (1, 1)])
    private static let flat = Array(repeating: UInt16(1), count: 64)

    /// Blocks with magnitudes of both signs; chroma is full of what must not count.
    private func sample(
        layout: BlockLayout = layout, steps: [UInt16] = flat, _ luma: @escaping (_ block: Int, _ place: Int) -> Int
    ) throws -> BlockSample {
        try HeldCoefficients(layout, steps: Array(repeating: steps, count: layout.components.count)) {
            component, block, place in
            component > 0 ? 900 : (block + place).isMultiple(of: 2) ? luma(block, place) : -luma(block, place)
        }.wholeSample()
    }

    private func loss(
        layout: BlockLayout = layout, steps: [UInt16] = flat, _ luma: @escaping (_ block: Int, _ place: Int) -> Int
    ) throws -> LumaLoss {
        LumaLoss(try sample(layout: layout, steps: steps, luma), steps: steps)
    }

    /// Magnitudes of all sizes, smaller the higher the frequency.
    private static func varied(_ block: Int, _ place: Int) -> Int { (block * 37 + place * 61) % 301 / (1 + place / 3) }

    /// By the definition, for 64 coefficients.
    private func expected(_ block: (Int) -> Int, scale: Double, steps: [UInt16] = flat) -> Double {
        var sum = 0.0
        for (place, index) in Zigzag.naturalIndices.enumerated() {
            let magnitude = Double(block(place) * Int(steps[place]))
            let step = max(
                (StepShape.fullSize.lumaStep(Double(index % 8), Double(index / 8)) * scale).rounded(),
                Double(steps[place]))
            let rounded = magnitude < 0.6 * step ? 0 : (magnitude / step + 0.5).rounded(.down) * step
            sum += (magnitude - rounded) * (magnitude - rounded)
        }
        return sum / 64
    }

    @Test("At the full size an error is what rounding takes from a coefficient", arguments: [1.0, 4, 12])
    func definition(scale: Double) throws {
        let loss = try loss(Self.varied)
        let blocks = Self.layout.components[0].blocksAcross * Self.layout.components[0].blocksDown
        let mean = (0..<blocks).reduce(0) { sum, block in
            sum + expected({ Self.varied(block, $0) }, scale: scale) / Double(blocks)
        }
        #expect(abs(loss.atFullSize(scale: scale) / mean - 1) < 1e-3)
        #expect(loss.reduced(to: 1, scale: scale) == loss.atFullSize(scale: scale))
    }

    @Test("Steps of the source multiply its coefficients, and pixels' own come in eighths")
    func units() throws {
        let steps = (0..<64).map { UInt16($0 % 5 + 1) }
        let scaled = try loss(steps: steps) { _, place in place < 20 ? 3 : 0 }
        let plain = try loss { _, place in place < 20 ? 3 * Int(steps[place]) : 0 }
        #expect(scaled.atFullSize(scale: 20) == plain.atFullSize(scale: 20))
        let eighths = LumaLoss(try sample { _, place in place < 20 ? 3 : 0 }, steps: nil)
        #expect(abs(eighths.atFullSize(scale: 100) * 64 - 20 * 9 / 64.0) < 1e-3)
    }

    @Test("Steps that are coarse already cost nothing at the full size, and another size brings new errors")
    func coarseSource() throws {
        let steps = [UInt16](repeating: 40, count: 64)
        let coarse = try loss(steps: steps) { block, place in (block * 7 + place * 5) % 11 == 0 ? 2 : 0 }
        #expect(coarse.atFullSize(scale: 4.5) == 0)
        #expect(coarse.reduced(to: 0.95, scale: 2.5) > 10)
    }

    @Test("Steps of a layout's every luma block count, in MCUs of any shape")
    func layouts() throws {
        for layout in sampleLayouts where layout.width > 1 {
            let luma = { (place: Int) in place == 0 ? 801 : 40 }
            let found = try loss(layout: layout) { _, place in luma(place) }.atFullSize(scale: 3)
            // Blocks that pad the image to whole MCUs are 0.
            let real = Double(layout.components[0].blocksAcross * layout.components[0].blocksDown)
            let all = Double(layout.mcuCount * layout.components[0].horizontal * layout.components[0].vertical)
            #expect(abs(found / (expected(luma, scale: 3) * real / all) - 1) < 1e-3)
        }
    }

    @Test("Coarser steps and fewer pixels lose more")
    func order() throws {
        let loss = try loss(Self.varied)
        let scales = [1.0, 2, 4, 8, 16].map { loss.atFullSize(scale: $0) }
        #expect(scales == scales.sorted())
        let shares = [0.97, 0.9, 0.75, 0.5, 0.375, 0.25, 0.125].map { loss.reduced(to: $0, scale: 3) }
        #expect(shares == shares.sorted())
    }

    @Test("The highest frequencies do not survive even a slight reduction, low ones do")
    func transition() throws {
        func share(lost index: Int) throws -> Double {
            let loss = try loss { block, place in
                Zigzag.naturalIndices[place] == index ? Self.even(block, place, 400) : 0
            }
            return loss.reduced(to: 0.93, scale: 0.001) / (400 * 400 / 64)
        }
        #expect(try share(lost: 6 * 8 + 6) > 0.3)
        #expect(try share(lost: 2) < 0.05)
    }

    /// Of one sign in all blocks: a wave of an even frequency that goes on from block to block.
    private static func even(_ block: Int, _ place: Int, _ value: Int) -> Int {
        (block + place).isMultiple(of: 2) ? value : -value
    }

    @Test("An image without high frequencies loses little with half of its sides, noise nearly everything")
    func content() throws {
        let soft = try loss { block, place in
            [2: 47, 16: 47, 18: 55][Zigzag.naturalIndices[place]].map { Self.even(block, place, $0) } ?? 0
        }
        let sharp = try loss { block, place in place == 0 ? 800 : 60 + (block * 7 + place) % 9 }
        let scale = SizeChoice.landing(0.5)
        #expect(soft.atFullSize(scale: 15) > soft.reduced(to: 0.5, scale: scale))
        #expect(sharp.atFullSize(scale: 12) < sharp.reduced(to: 0.5, scale: scale))
    }

    /// A JPEG's own loss.
    private func loss(of pixels: Plane) throws -> LumaLoss {
        let source = ImageSource(bytes: try DrawnImage.jpeg(pixels, quality: 90))
        let scan = try #require(try SequentialScan.read(source))
        let coefficients = try #require(
            try SequentialSource(source, scan: scan, cancellation: CancellationFlag()))
        return LumaLoss(try coefficients.sample(blocks: 4_000), steps: coefficients.steps?.first)
    }

    @Test("Strokes and screens are lines; gradients, grain and soft shapes are none")
    func lines() throws {
        #expect(try loss(of: DrawnStrokes.plane(width: 320, height: 240)).isOfLines)
        #expect(try loss(of: DrawnImage.screen(width: 320, height: 240)).isOfLines)
        #expect(try !loss(of: DrawnImage.scene(width: 320, height: 240, grain: 14)).isOfLines)
        #expect(try !loss(of: DrawnImage.scene(width: 320, height: 240, grain: 0)).isOfLines)
        #expect(try !loss(of: cells(12, isSmooth: true)).isOfLines)
    }

    /// Random values at the corners of cells: flat in between, or interpolated.
    private func cells(_ side: Int, isSmooth: Bool) -> Plane {
        let (width, height) = (320, 240)
        let across = width / side + 2
        var random = SeededGenerator(seed: 4)
        let values = (0..<across * (height / side + 2)).map { _ in Int(random.next() % 256) }
        let plane = Plane(width: width, height: height, channels: 3)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                let corner = y / side * across + x / side
                let (dx, dy) = isSmooth ? (x % side, y % side) : (0, 0)
                let top = values[corner] * (side - dx) + values[corner + 1] * dx
                let bottom = values[corner + across] * (side - dx) + values[corner + across + 1] * dx
                let value = UInt8((top * (side - dy) + bottom * dy) / (side * side))
                for channel in 0..<3 { row[x * 3 + channel] = value }
            }
        }
        return plane
    }

    @Test("A sharp small image keeps its size where a soft one gives up pixels, both at the same quality")
    func fits() async throws {
        let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))
        func scale(_ pixels: Plane) async throws -> Double {
            let source = ImageSource(bytes: try DrawnImage.jpeg(pixels, quality: 96, subsamples: true))
            var kept = FitPolicy(keepsSize: true, format: .jpeg)
            kept.qualityCeiling = 72
            let limit = try await fitter.fit(
                source, limits: Limits(byteLimit: source.byteCount - 1), policy: kept
            ).byteCount
            return try await fitter.fit(source, limits: Limits(byteLimit: limit), policy: FitPolicy(format: .jpeg))
                .scale
        }
        #expect(try await scale(cells(3, isSmooth: false)) == 1)
        #expect(try await scale(cells(12, isSmooth: true)) < 1)
    }
}
