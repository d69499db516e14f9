// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

/// Every kind of limit in random combinations: a result is within all of them, or there is none.
@Suite struct LimitPropertyTests {
    private static let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 2))

    private static func input(_ random: inout SeededGenerator) throws -> [UInt8] {
        let width = Int.random(in: 1...90, using: &random)
        let height = Int.random(in: 1...90, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return try DrawnImage.png(DrawnImage.screen(width: width, height: height))
        case 1:
            return try DrawnImage.png(DrawnImage.scene(width: width, height: height, channels: 4, seed: random.next()))
        default:
            let orientation = Orientation.allCases.randomElement(using: &random) ?? .upright
            return try DrawnImage.jpeg(
                DrawnImage.scene(
                    width: width, height: height, channels: Bool.random(using: &random) ? 3 : 1, seed: random.next()),
                quality: Double.random(in: 40...98, using: &random), subsamples: Bool.random(using: &random),
                coding: Bool.random(using: &random) ? .progressive : .optimized,
                segments: [DrawnImage.exif(orientation)])
        }
    }

    private static func limits(_ random: inout SeededGenerator) -> Limits {
        func maybe(_ range: ClosedRange<Int>, one chance: Int = 4) -> Int? {
            Int.random(in: 0..<chance, using: &random) == 0 ? Int.random(in: range, using: &random) : nil
        }
        var limits = Limits(
            byteLimit: Int.random(in: 600...8_000, using: &random),
            counting: Limits.ByteCounting.allCases.randomElement(using: &random) ?? .raw,
            maximumSide: maybe(1...80), minimumSide: maybe(1...10), maximumPixelCount: maybe(1...4_000),
            formats: [[.jpeg], [.png], [.jpeg, .png]].randomElement(using: &random) ?? [.jpeg])
        limits.maximumWidth = maybe(1...80)
        limits.maximumHeight = maybe(1...80)
        limits.maximumShortSide = maybe(1...60)
        limits.minimumBytes = maybe(100...400, one: 6)
        limits.inputShare =
            Int.random(in: 0..<6, using: &random) == 0 ? Double.random(in: 0.3...1, using: &random) : nil
        return limits
    }

    private static func policy(_ random: inout SeededGenerator) -> FitPolicy {
        var policy = FitPolicy(
            strategy: FitPolicy.Strategy.allCases.randomElement(using: &random) ?? .best,
            effort: FitPolicy.Effort.allCases.randomElement(using: &random) ?? .fast,
            keepsSize: Int.random(in: 0..<5, using: &random) == 0,
            qualityFloor: [1, 30, 50, 80].randomElement(using: &random) ?? 50,
            qualityCeiling: [nil, 80, 95].randomElement(using: &random) ?? nil,
            metadata: FitPolicy.Metadata.allCases.randomElement(using: &random) ?? .strip,
            chroma: FitPolicy.ChromaChoice.allCases.randomElement(using: &random) ?? .automatic,
            background: Bool.random(using: &random) ? .white : nil)
        policy.copiesCompliant = Bool.random(using: &random)
        policy.isBaseline = Int.random(in: 0..<4, using: &random) == 0
        if Int.random(in: 0..<5, using: &random) == 0 {
            policy.maximumScale = Double.random(in: 0.2...1, using: &random)
        }
        if Int.random(in: 0..<6, using: &random) == 0 {
            policy.frame = ExactFrame(
                width: Int.random(in: 1...60, using: &random), height: Int.random(in: 1...60, using: &random),
                filling: ExactFrame.Filling.allCases.randomElement(using: &random) ?? .pad)
        }
        return policy
    }

    @Test("A result keeps every limit at once, and says what it is", arguments: 0..<6)
    func keepsAll(group: UInt64) async throws {
        for seed in group * 10..<group * 10 + 10 {
            var random = SeededGenerator(seed: seed &+ 7 << 40)
            let input = try Self.input(&random)
            let (limits, policy) = (Self.limits(&random), Self.policy(&random))
            let source = try probe(input)
            let image: FittedImage
            do {
                image = try await Self.fitter.fit(ImageSource(bytes: input), limits: limits, policy: policy)
            } catch let error as ImageError {
                #expect([.cannotFit, .invalidArgument].contains(error.code), "seed \(seed): \(error)")
                #expect(!error.message.isEmpty, "seed \(seed)")
                continue
            }
            let bytes = image.bytes(of: input)
            let header = try probe(bytes)
            let name = "seed \(seed): \(header.width)×\(header.height), \(bytes.count) bytes"
            #expect(bytes.count == image.byteCount && bytes.count <= limits.fileByteLimit, "\(name)")
            if limits.counting == .base64 {
                #expect(Data(bytes).base64EncodedString().count <= limits.byteLimit, "\(name)")
            }
            if let share = limits.inputShare {
                #expect(bytes.count <= max(Int(Double(input.count) * share), 1), "\(name)")
            }
            if let least = limits.minimumBytes { #expect(bytes.count >= least, "\(name)") }
            #expect(limits.formats.contains(header.format) && header.format == image.format, "\(name)")
            #expect((image.width, image.height) == (header.uprightWidth, header.uprightHeight), "\(name)")
            expectSides(header, limits, policy, source: source, name)
            if policy.isBaseline, header.format == .jpeg {
                #expect(header.jpegProcess?.isProgressive == false, "\(name)")
            }
            if image.status == .fitted {
                #expect(header.orientation == .upright, "\(name)")
                if policy.metadata == .strip { #expect(header.metadata.total == header.metadata.comments, "\(name)") }
            }
            _ = try DrawnImage.decoded(bytes)
        }
    }

    private func expectSides(
        _ header: ImageHeader, _ limits: Limits, _ policy: FitPolicy, source: ImageHeader, _ name: String
    ) {
        let (width, height) = (header.uprightWidth, header.uprightHeight)
        if let frame = policy.frame {
            #expect(width == frame.width && height == frame.height, "\(name)")
        }
        if let side = limits.maximumSide { #expect(max(width, height) <= side, "\(name)") }
        if let most = limits.maximumWidth { #expect(width <= most, "\(name)") }
        if let most = limits.maximumHeight { #expect(height <= most, "\(name)") }
        if let most = limits.maximumShortSide { #expect(min(width, height) <= most, "\(name)") }
        if let pixels = limits.maximumPixelCount { #expect(width * height <= pixels, "\(name)") }
        guard policy.frame == nil else { return }
        #expect(width <= source.uprightWidth && height <= source.uprightHeight, "\(name): never enlarged")
        if let scale = policy.maximumScale {
            #expect(Double(width) <= max(Double(source.uprightWidth) * scale + 0.5, 1), "\(name)")
        }
    }

    @Test("The plan of a fit says format and the sides that it does not exceed", arguments: 0..<4)
    func plan(group: UInt64) async throws {
        for seed in group * 10..<group * 10 + 10 {
            var random = SeededGenerator(seed: seed &+ 8 << 40)
            let input = try Self.input(&random)
            let (limits, policy) = (Self.limits(&random), Self.policy(&random))
            let source = ImageSource(bytes: input)
            let plan = try? FitPlan.make(source: source, header: probe(input), limits: limits, policy: policy)
            let image = try? await Self.fitter.fit(source, limits: limits, policy: policy)
            guard let plan else {
                #expect(image == nil, "seed \(seed): what cannot be planned is not done")
                continue
            }
            guard let image else { continue }
            #expect(image.width <= plan.width && image.height <= plan.height, "seed \(seed)")
            if let format = plan.format { #expect(image.format == format, "seed \(seed)") }
            if policy.keepsSize { #expect((image.width, image.height) == (plan.width, plan.height), "seed \(seed)") }
            if image.status == .copied { #expect(plan.action != .encode, "seed \(seed)") }
        }
    }

    @Test("A larger byte limit never gives fewer pixels or bytes", arguments: UInt64(0)..<6)
    func order(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed &+ 9 << 40)
        let input = try Self.input(&random)
        var policy = FitPolicy(qualityFloor: [30, 50, 70].randomElement(using: &random) ?? 50, background: .white)
        policy.format = .jpeg
        var previous: FittedImage?
        for limit in [700, 1_000, 1_500, 2_500, 5_000, 20_000] {
            let image = try? await Self.fitter.fit(
                ImageSource(bytes: input), limits: Limits(byteLimit: limit), policy: policy)
            guard let image else {
                #expect(previous == nil, "seed \(seed): \(limit) bytes are out of reach, less was not")
                continue
            }
            if let previous {
                // A size that fits exactly may be passed over for one nearby.
                #expect(Double(image.width) >= Double(previous.width) * 0.95 - 1, "seed \(seed): \(limit)")
                #expect(
                    Double(image.byteCount) >= Double(previous.byteCount) * 0.93 || image.encodes == 0
                        || image.scale == 1, "seed \(seed): \(limit)")
            }
            previous = image
        }
    }
}
