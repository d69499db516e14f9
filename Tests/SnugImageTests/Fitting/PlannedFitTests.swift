// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// A plan that is shown is the plan that is carried out.
@Suite struct PlannedFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    struct Input: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var limit: Int
    }

    private static func inputs() throws -> [Input] {
        let scene = DrawnImage.scene(width: 120, height: 90)
        let plain = try DrawnImage.jpeg(scene)
        let loaded = try DrawnImage.jpeg(scene, segments: [DrawnImage.exif(.upright, filler: 2000)])
        let turned = try DrawnImage.jpeg(scene, segments: [DrawnImage.exif(.rotated180)])
        let png = try DrawnImage.png(scene)
        let bare = try DrawnImage.jpeg(scene).count
        return [
            Input(testDescription: "plain", bytes: plain, limit: 1 << 20),
            Input(testDescription: "with metadata", bytes: loaded, limit: 1 << 20),
            Input(testDescription: "over, metadata is enough", bytes: loaded, limit: bare),
            Input(testDescription: "over, metadata is not enough", bytes: loaded, limit: bare - 1),
            Input(testDescription: "far over", bytes: plain, limit: bare / 2),
            Input(testDescription: "turned", bytes: turned, limit: 1 << 20),
            Input(testDescription: "data after the image", bytes: plain + [1, 2, 3], limit: 1 << 20),
            Input(testDescription: "PNG", bytes: png, limit: 1 << 20),
            Input(testDescription: "PNG over", bytes: png, limit: png.count / 2),
            Input(testDescription: "PNG with trailing data", bytes: png + [0], limit: 1 << 20),
        ]
    }

    @Test("The action of the plan is the status of the result")
    func agrees() async throws {
        for input in try Self.inputs() {
            for policy in [FitPolicy(), FitPolicy(strategy: .stepped), FitPolicy(metadata: .keep)] {
                let source = ImageSource(bytes: input.bytes)
                let limits = Limits(byteLimit: input.limit)
                let header = try ImageProbe.header(of: source)
                let plan = try FitPlan.make(source: source, header: header, limits: limits, policy: policy)
                let image = try await fitter.fit(source, limits: limits, policy: policy)
                let status: FittedImage.Status =
                    switch plan.action {
                    case .copy: .copied
                    case .strip: .stripped
                    case .encode: .fitted
                    }
                #expect(image.status == status, "\(input): \(plan.reason)")
                #expect(plan.format == nil || plan.format == image.format, "\(input)")
                #expect(image.width <= plan.width && image.height <= plan.height, "\(input)")
                #expect(plan.uncertainty != nil, "what only decoding can tell is said: \(input)")
            }
        }
    }

    @Test("A truncated file is never said to comply")
    func truncated() throws {
        let whole = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 90))
        let source = ImageSource(bytes: whole.prefix(whole.count * 3 / 4))
        let plan = try FitPlan.make(
            source: source, header: try ImageProbe.header(of: source), limits: Limits(), policy: FitPolicy())
        #expect(plan.action == .encode && plan.reason.contains("incomplete") && plan.uncertainty != nil)
    }

    @Test("Sides that an output format cannot have are part of the plan")
    func formatLimits() throws {
        var header = ImageHeader(format: .png, width: 80_000, height: 100)
        func plan(_ limits: Limits, _ policy: FitPolicy) throws -> FitPlan {
            try FitPlan.make(header: header, byteCount: 1 << 30, limits: limits, policy: policy)
        }
        #expect(try plan(Limits(), FitPolicy()).format == .png)
        let scaled = try plan(Limits(formats: [.jpeg]), FitPolicy())
        #expect(scaled.format == .jpeg && scaled.width == 65_500)
        #expect(throws: ImageError.self) { try plan(Limits(formats: [.jpeg]), FitPolicy(keepsSize: true)) }
        header = ImageHeader(format: .jpeg, width: 65_510, height: 16)
        #expect {
            try plan(Limits(), FitPolicy())
        } throws: {
            ($0 as? ImageError)?.code == .unsupportedFeature
                && ($0 as? ImageError)?.details["limit"] == .integer(65_500)
        }
    }

    @Test("A smallest size that is told was measured: with that limit there is an output")
    func measured() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 200, height: 150, channels: 4))
        func fit(_ limit: Int) async throws -> FittedImage {
            try await fitter.fit(
                ImageSource(bytes: input), limits: Limits(byteLimit: limit),
                policy: FitPolicy(keepsSize: true, format: .png))
        }
        let error = await #expect(throws: ImageError.self) { _ = try await fit(100) }
        guard case .integer(let smallest)? = error?.details["smallest_bytes"] else {
            Issue.record("no smallest size")
            return
        }
        #expect(error?.code == .cannotFit && smallest > 100)
        #expect(try await fit(smallest).byteCount <= smallest)
    }
}
