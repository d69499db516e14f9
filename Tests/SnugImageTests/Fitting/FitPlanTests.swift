// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct FitPlanTests {
    private func header(
        _ format: ImageFormat = .jpeg, _ width: Int = 4000, _ height: Int = 3000,
        _ change: (inout ImageHeader) -> Void = { _ in }
    ) -> ImageHeader {
        var header = ImageHeader(format: format, width: width, height: height)
        header.colourModel = format == .jpeg ? .ycbcr : .rgb
        header.jpegProcess = format == .jpeg ? .baseline : nil
        change(&header)
        return header
    }

    private func plan(
        _ header: ImageHeader, bytes: Int = 1000, _ limits: Limits = Limits(), _ policy: FitPolicy = FitPolicy()
    ) throws -> FitPlan {
        try FitPlan.make(header: header, byteCount: bytes, limits: limits, policy: policy)
    }

    @Test("What complies is copied, what has too many bytes is stripped first")
    func copyAndStrip() throws {
        #expect(try plan(header()).action == .copy)
        #expect(try plan(header(), bytes: 10_000_000).action == .copy)
        #expect(try plan(header(), bytes: 10_000_001).action == .strip)
        #expect(try plan(header(), bytes: 3_932_161, Limits(byteLimit: 5_242_880, counting: .base64)).action == .strip)
    }

    @Test("Too long a side, too many pixels, a format that is not accepted or not asked for: encode")
    func encode() throws {
        let side = try plan(header(), Limits(maximumSide: 2048))
        #expect(side.action == .encode && side.width == 2048 && side.height == 1536)
        let pixels = try plan(header(), Limits(maximumPixelCount: 1_000_000))
        #expect(pixels.action == .encode && pixels.width * pixels.height <= 1_000_000 && pixels.width > 1140)
        #expect(try plan(header(.png), Limits(formats: [.jpeg])).format == .jpeg)
        #expect(try plan(header(.png), Limits(), FitPolicy(format: .jpeg)).action == .encode)
        #expect(try plan(header(.jpeg), Limits(), FitPolicy(format: .jpeg)).action == .copy)
    }

    @Test("Sides are those of the upright image")
    func turned() throws {
        let plan = try plan(header { $0.orientation = .rotated90 }, Limits(maximumSide: 1000))
        #expect(plan.width == 750 && plan.height == 1000)
    }

    @Test("A JPEG stays one; the pixels of a PNG decide")
    func formats() throws {
        let small = Limits(maximumSide: 100)
        #expect(try plan(header(.jpeg), small).format == .jpeg)
        #expect(try plan(header(.png), small).format == nil)
        #expect(try plan(header(.png), small, FitPolicy(format: .keep)).format == .png)
        #expect(try plan(header(.jpeg), small, FitPolicy(format: .png)).format == .png)
    }

    @Test("A background makes an image with alpha be encoded, an opaque one not")
    func background() throws {
        let policy = FitPolicy(background: .white)
        #expect(try plan(header(.png) { $0.colourModel = .rgba }, Limits(), policy).action == .encode)
        #expect(try plan(header(.png), Limits(), policy).action == .copy)
    }

    @Test("What cannot be done is said by code")
    func refusals() {
        func code(_ body: () throws -> FitPlan) -> ImageError.Code? {
            do {
                _ = try body()
                return nil
            } catch { return (error as? ImageError)?.code }
        }
        #expect(code { try plan(header(.pdf)) } == .unsupportedFormat)
        #expect(code { try plan(header { $0.jpegProcess = .lossless }) } == .unsupportedFeature)
        #expect(code { try plan(header { $0.bitsPerSample = 12 }) } == .unsupportedFeature)
        #expect(code { try plan(header(), Limits(minimumSide: 3001)) } == .cannotFit)
        #expect(code { try plan(header(), Limits(maximumSide: 100, minimumSide: 80)) } == .cannotFit)
        #expect(code { try plan(header(), Limits(byteLimit: 0)) } == .invalidArgument)
        #expect(
            code { try plan(header(), Limits(), FitPolicy(qualityFloor: 90, qualityCeiling: 80)) } == .invalidArgument)
        #expect(code { try plan(header(), Limits(formats: [.gif])) } == .invalidArgument)
        #expect(code { try plan(header(), Limits(formats: [.png]), FitPolicy(format: .jpeg)) } == .invalidArgument)
    }

    @Test(
        "A JPEG is decoded small where the output is small, with room left for the resampler",
        arguments: [(4000, 8), (2800, 8), (1400, 4), (1300, 4), (700, 2), (350, 1), (100, 1)])
    func eighths(side: Int, expected: Int) throws {
        let header = header()
        let plan = try plan(header, Limits(maximumSide: side))
        #expect(plan.eighths(for: header) == expected)
    }
}
