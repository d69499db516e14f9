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

    /// Blocks whose luma has a magnitude at each place; chroma is full of what must not count.
    private func loss(
        of luma: @escaping (Int) -> Int, layout: BlockLayout = layout, steps: [UInt16] = flat
    ) throws -> LumaLoss {
        let held = HeldCoefficients(layout, steps: Array(repeating: steps, count: layout.components.count)) {
            component, block, place in
            component > 0 ? 900 : block.isMultiple(of: 2) ? luma(place) : -luma(place)
        }
        return LumaLoss(try held.wholeSample(), steps: steps)
    }

    /// By the definition, over the 64 places of equal blocks.
    private func expected(_ luma: (Int) -> Int, share: Double, scale: Double) -> Double {
        let shape: StepShape = share < 1 ? .reduced : .fullSize
        var sum = 0.0
        for (place, index) in Zigzag.naturalIndices.enumerated() {
            let magnitude = Double(luma(place))
            let (u, v) = (Double(index % 8) / share, Double(index / 8) / share)
            let step = shape.lumaStep(u, v) * scale / share
            if u >= 8 || v >= 8 || magnitude < 0.6 * step {
                sum += magnitude * magnitude
            } else {
                sum += step * step / 12
            }
        }
        return sum / 64
    }

    @Test("Errors are those of the definition", arguments: [1.0, 0.75, 0.5, 0.25], [1.0, 4, 12])
    func definition(share: Double, scale: Double) throws {
        let luma = { (place: Int) in 400 / (place + 1) }
        let loss = try loss(of: luma)
        let found = loss.reduced(to: share, scale: scale)
        #expect(abs(found / expected(luma, share: share, scale: scale) - 1) < 1e-3)
        if share == 1 { #expect(found == loss.atFullSize(scale: scale)) }
    }

    @Test("Steps of the source multiply its coefficients, and pixels' own come in eighths")
    func units() throws {
        let steps = (0..<64).map { UInt16($0 % 5 + 1) }
        let luma = { (place: Int) in place < 20 ? 3 : 0 }
        let held = HeldCoefficients(Self.layout, steps: Array(repeating: steps, count: 3)) { component, _, place in
            component == 0 ? luma(place) : 0
        }
        let scaled = LumaLoss(try held.wholeSample(), steps: steps)
        let plain = try loss(of: { luma($0) * Int(steps[$0]) })
        #expect(scaled.atFullSize(scale: 5) == plain.atFullSize(scale: 5))
        let eighths = LumaLoss(try held.wholeSample(), steps: nil)
        #expect(abs(eighths.atFullSize(scale: 100) * 64 - 20 * 9 / 64.0) < 1e-3)
    }

    @Test("Steps of a layout's every luma block count, in MCUs of any shape")
    func layouts() throws {
        for layout in sampleLayouts where layout.width > 1 {
            let luma = { (place: Int) in place == 0 ? 800 : 40 }
            let found = try loss(of: luma, layout: layout).atFullSize(scale: 3)
            // Blocks that pad the image to whole MCUs are 0.
            let real = Double(layout.components[0].blocksAcross * layout.components[0].blocksDown)
            let all = Double(layout.mcuCount * layout.components[0].horizontal * layout.components[0].vertical)
            #expect(abs(found / (expected(luma, share: 1, scale: 3) * real / all) - 1) < 1e-3)
        }
    }

    @Test("Coarser steps and fewer pixels never lose less")
    func order() throws {
        let loss = try loss(of: { 300 / (1 + $0 / 2) })
        let scales = stride(from: 1.0, through: 20, by: 1.5).map { loss.atFullSize(scale: $0) }
        #expect(scales == scales.sorted())
        let shares = [0.9, 0.75, 0.5, 0.375, 0.25, 0.125].map { loss.reduced(to: $0, scale: 3) }
        #expect(shares == shares.sorted())
    }

    @Test("An image without high frequencies loses little with half of its sides, noise nearly everything")
    func content() throws {
        let soft = try loss(of: { Zigzag.naturalIndices[$0] % 8 < 4 && Zigzag.naturalIndices[$0] / 8 < 4 ? 100 : 0 })
        let sharp = try loss(of: { $0 == 0 ? 800 : 60 })
        let scale = SizeChoice.landing(0.5)
        #expect(soft.atFullSize(scale: 12) > soft.reduced(to: 0.5, scale: scale))
        #expect(sharp.atFullSize(scale: 12) < sharp.reduced(to: 0.5, scale: scale))
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
