// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// The bounds on memory, which the budget of a fitter rests on.
@Suite struct MemoryEstimateTests {
    private func header(
        _ format: ImageFormat = .jpeg, _ width: Int = 4000, _ height: Int = 3000,
        _ change: (inout ImageHeader) -> Void = { _ in }
    ) -> ImageHeader {
        var header = ImageHeader(format: format, width: width, height: height)
        header.colourModel = format == .jpeg ? .ycbcr : .rgb
        header.jpegProcess = format == .jpeg ? .baseline : nil
        header.chromaSubsampling = format == .jpeg ? .s420 : nil
        change(&header)
        return header
    }

    private func estimate(
        _ header: ImageHeader, _ limits: Limits = Limits(byteLimit: 1_000_000), _ policy: FitPolicy = FitPolicy()
    ) throws -> MemoryEstimate {
        let plan = try FitPlan.make(header: header, byteCount: 5_000_000, limits: limits, policy: policy)
        return MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
    }

    @Test("Less is held step by step", arguments: [ImageFormat.jpeg, .png], FitPolicy.Strategy.allCases)
    func order(format: ImageFormat, strategy: FitPolicy.Strategy) throws {
        let estimate = try estimate(header(format), Limits(byteLimit: 1_000_000), FitPolicy(strategy: strategy))
        #expect(estimate.held >= estimate.heldStreamingOut)
        #expect(estimate.heldStreamingOut > estimate.lean)
        #expect(estimate.lean > 4 << 20 && estimate.codec > 4 << 20)
    }

    @Test("A baseline JPEG held takes its planes at least, and lean no more than its rows")
    func baseline() throws {
        let estimate = try estimate(header())
        #expect(estimate.held >= 4000 * 3000 * 3 / 2)
        // Rows of 4000 pixels, samples of the image, output buffers and fixed parts: far from the planes.
        #expect(estimate.lean + 4000 * 3000 < estimate.held)
    }

    @Test("Lean memory goes with the width, not with the height", arguments: [1000, 10_000, 60_000])
    func leanHeight(height: Int) throws {
        let low = try estimate(header(.png, 2000, 1000), Limits(byteLimit: 100_000))
        let high = try estimate(header(.png, 2000, height), Limits(byteLimit: 100_000))
        #expect(high.lean == low.lean)
        #expect(high.held >= low.held)
    }

    @Test(
        "Files that decode only as a whole hold their coefficients or pixels in every mode",
        arguments: ["progressive", "arithmetic", "scans", "interlaced"])
    func whole(kind: String) throws {
        let plain = try estimate(header(kind == "interlaced" ? .png : .jpeg))
        let whole = try estimate(
            header(kind == "interlaced" ? .png : .jpeg) {
                switch kind {
                case "progressive": $0.jpegProcess = .progressive
                case "arithmetic": $0.jpegProcess = .arithmeticProgressive
                case "scans": $0.hasSeveralScans = true
                default: $0.isInterlaced = true
                }
            })
        let pixels = 4000 * 3000
        #expect(whole.lean - plain.lean >= (kind == "interlaced" ? pixels * 3 : pixels * 3))
        #expect(whole.codec > plain.codec && whole.held >= plain.held)
    }

    @Test("16 bits of an interlaced PNG count twice, alpha counts too")
    func interlacedDepth() throws {
        func lean(_ change: @escaping (inout ImageHeader) -> Void) throws -> Int {
            try estimate(
                header(.png) {
                    $0.isInterlaced = true
                    change(&$0)
                }
            ).lean
        }
        let plain = try lean { _ in }
        #expect(try lean { $0.bitsPerSample = 16 } - plain == 4000 * 3000 * 3)
        #expect(try lean { $0.colourModel = .rgba } - plain == 4000 * 3000)
        #expect(try lean { $0.hasTransparency = true } - plain == 4000 * 3000)
        #expect(try lean { $0.colourModel = .gray } < plain)
    }

    @Test("Turns that cannot be made row by row hold the output", arguments: Orientation.allCases)
    func turns(orientation: Orientation) throws {
        let plain = try estimate(header())
        let turned = try estimate(header { $0.orientation = orientation })
        let holds = orientation != .upright && orientation != .mirrored
        #expect((turned.lean > plain.lean + 4000 * 3000) == holds)
        #expect((turned.held > plain.held) == (orientation != .upright))
    }

    @Test("A smaller output needs less, and a JPEG decoded small much less")
    func smallOutput() throws {
        let full = try estimate(header())
        let small = try estimate(header(), Limits(byteLimit: 1_000_000, maximumSide: 400))
        #expect(small.held < full.held / 3)
        let png = try estimate(header(.png), Limits(byteLimit: 1_000_000, maximumSide: 400))
        #expect(png.held >= 4000 * 3000 * 3)
    }

    @Test("The stepped method holds an encoder's coefficients where it may")
    func stepped() throws {
        let best = try estimate(header())
        let stepped = try estimate(header(), Limits(byteLimit: 1_000_000), FitPolicy(strategy: .stepped))
        #expect(stepped.held - stepped.heldStreamingOut >= 4000 * 3000 * 2 && stepped.held > best.held)
        #expect(best.held == best.heldStreamingOut)
    }

    @Test("The budget picks the fastest way that it allows")
    func modes() {
        let estimate = MemoryEstimate(held: 300, heldStreamingOut: 200, lean: 100, codec: 10)
        for (budget, mode, bytes) in [
            (1000, MemoryMode.held, 300), (300, .held, 300), (299, .heldStreamingOut, 200),
            (200, .heldStreamingOut, 200), (199, .lean, 100), (100, .lean, 100), (1, .lean, 100),
        ] {
            let chosen = estimate.mode(within: budget)
            #expect(chosen.mode == mode && chosen.bytes == bytes)
        }
        #expect(MemoryMode.held.holdsPixels && MemoryMode.held.holdsCoefficients)
        #expect(MemoryMode.heldStreamingOut.holdsPixels && !MemoryMode.heldStreamingOut.holdsCoefficients)
        #expect(!MemoryMode.lean.holdsPixels && !MemoryMode.lean.holdsCoefficients)
    }

    @Test("Passing on a JPEG may hold its coefficients, a PNG only rows")
    func passingOn() {
        let jpeg = MemoryEstimate.passingOn(header(), limit: 1_000_000)
        let png = MemoryEstimate.passingOn(header(.png), limit: 1_000_000)
        #expect(jpeg >= 4000 * 3000 * 2 * 3 / 2 && png < jpeg / 2)
    }

    @Test("No header makes the sums overflow", arguments: [Orientation.upright, .rotated90])
    func overflow(orientation: Orientation) throws {
        let header = header(.png, 65_535, 65_535) {
            $0.isInterlaced = true
            $0.bitsPerSample = 16
            $0.colourModel = .rgba
            $0.orientation = orientation
        }
        let estimate = try estimate(header, Limits(byteLimit: .max))
        #expect(estimate.held > 0 && estimate.lean > 0)
    }
}
