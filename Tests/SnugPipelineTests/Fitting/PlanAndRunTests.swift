// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugTestSupport
import SystemPackage
import Testing

/// A plan that is shown is the plan that is carried out.
@Suite struct PlanAndRunTests {
    private let runs: RunFolder

    init() throws { runs = try RunFolder() }

    /// A small file of a random kind: sound images with and without metadata, damaged ones, and no images.
    private static func file(_ random: inout SeededGenerator) -> (bytes: [UInt8], ending: String) {
        let sides = [8, 16, 24, 40, 64]
        let (width, height) = (sides.randomElement(using: &random) ?? 8, sides.randomElement(using: &random) ?? 8)
        var jpeg = JPEGBuilder(width: width, height: height)
        var png = PNGBuilder(width: width, height: height)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return (jpeg.bytes, "jpg")
        case 1:
            jpeg.segments = [JPEGBuilder.segment(0xFE, pattern(Int.random(in: 1..<4000, using: &random)))]
        case 2:
            jpeg.segments = [
                JPEGBuilder.exif(TIFFBuilder([.orientation(Int.random(in: 1...8, using: &random))]).bytes)
            ]
        case 3: jpeg.frameMarker = 0xC2
        case 4: jpeg.trailer = pattern(Int.random(in: 1..<3000, using: &random))
        case 5: return (Array(jpeg.bytes.dropLast(Int.random(in: 3..<40, using: &random))), "jpg")
        case 6: return (png.bytes, "png")
        case 7:
            png.colourType = 6
            png.fill = .random(in: 0...255, using: &random)
            return (png.bytes, "png")
        case 8:
            png.chunks = [PNGBuilder.chunk("tEXt", Array("Comment\0".utf8) + Array(repeating: 0x61, count: 2000))]
            return (png.bytes, "png")
        case 9: return (Array(png.bytes.dropLast(20)), "png")
        case 10: return (Array("no image at all".utf8), "jpg")
        default: return ([], "jpg")
        }
        return (jpeg.bytes, "jpg")
    }

    private static func change(_ request: inout FitRequest, _ number: Int) {
        switch number % 8 {
        case 1: request.policy.metadata = .keep
        case 2: request.policy.copiesCompliant = true
        case 3: request.policy.format = .png
        case 4: request.policy.format = .jpeg
        case 5: request.limits = Limits(byteLimit: 1200)
        case 6: request.limits = Limits(maximumSide: 20)
        case 7: request.policy.isLossless = true
        default: break
        }
    }

    @Test(
        "Of a folder of anything, the plan's ends are the run's, but where it says what it cannot know",
        arguments: 0..<8)
    func agrees(options: Int) async throws {
        var random = SeededGenerator(seed: UInt64(4100 + options))
        for number in 0..<24 {
            let (bytes, ending) = Self.file(&random)
            try runs.folder.write(bytes, to: "in/\(number % 3)/\(number).\(ending)")
        }
        let plan = try await runs.run {
            Self.change(&$0, options)
            $0.isDryRun = true
        }
        #expect(runs.outputs().isEmpty)
        let run = try await runs.run { Self.change(&$0, options) }
        #expect(Set(plan.records.keys) == Set(run.records.keys) && plan.records.count == 24)
        for (name, planned) in plan.records {
            let done = try #require(run.records[name])
            let isOpen = planned.planUncertainty != nil
            #expect(isOpen || planned.status == done.status, "\(name): \(planned.planReason ?? "") \(done.status)")
            #expect(planned.skipReason == done.skipReason && planned.limitBytes == done.limitBytes, "\(name)")
            if done.status == .failed, planned.status == .failed { #expect(planned.error?.code == done.error?.code) }
            guard !isOpen, planned.status == done.status, done.status != .failed else { continue }
            #expect(planned.size == done.size, "\(name)")
            if planned.format != nil { #expect(planned.output == done.output && planned.format == done.format) }
            // Bytes may ask for a smaller image yet, never for a larger one.
            if let shown = planned.outputSize, let made = done.outputSize {
                #expect(made.width <= shown.width && made.height <= shown.height, "\(name)")
                if planned.status != .fitted { #expect(made == shown, "\(name)") }
            }
        }
    }

    /// A BMP of 24 bits a pixel.
    private static func bmp(_ side: Int) -> [UInt8] {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> ($0 * 8) & 255) } }
        let pixels = pattern(side * side * 3)
        var file = Array("BM".utf8) + bytes(54 + pixels.count, 4) + bytes(0, 4) + bytes(54, 4)
        file += bytes(40, 4) + bytes(side, 4) + bytes(side, 4) + bytes(1, 2) + bytes(24, 2) + bytes(0, 24)
        return file + pixels
    }

    @Test(
        "A file that lacks its end fails in the plan as in the run, whatever else would be done to it",
        arguments: [nil, 20], [false, true])
    func truncated(maximumSide: Int?, salvages: Bool) async throws {
        let whole = [
            "jpg": JPEGBuilder(width: 64, height: 48).bytes, "png": PNGBuilder(width: 64, height: 48).bytes,
            "bmp": Self.bmp(64),
        ]
        for (ending, bytes) in whole {
            for share in [1, 2, 3] {
                try runs.folder.write(Array(bytes.prefix(bytes.count * share / 4)), to: "in/\(share).\(ending)")
            }
        }
        let change = { @Sendable (request: inout FitRequest) in
            request.limits.maximumSide = maximumSide
            request.policy.recoversPartialImages = salvages
        }
        let plan = try await runs.run {
            change(&$0)
            $0.isDryRun = true
        }
        #expect(runs.outputs().isEmpty)
        let run = try await runs.run { change(&$0) }
        for (name, planned) in plan.records {
            let done = try #require(run.records[name])
            #expect(planned.status == done.status && planned.error == done.error, "\(name)")
            #expect(planned.output == done.output && planned.planUncertainty == nil, "\(name)")
        }
        #expect(plan.records.count == 9 && (salvages || run.report.count(.failed) == 9))
    }

    /// The plan for an image that has to be scaled down.
    private func planOfReduction() async throws -> FitRecord {
        try runs.folder.write(JPEGBuilder(width: 64, height: 32).bytes, to: "in/a.jpg")
        return try #require(
            try await runs.run {
                $0.limits.maximumSide = 32
                $0.isDryRun = true
            }.records["in/a.jpg"])
    }

    @Test("A plan that encodes says that only decoding shows damage")
    func unseenDamage() async throws {
        let record = try await planOfReduction()
        #expect(record.planUncertainty?.hasPrefix("whether it is sound") == true)
    }

    @Test("A plan names the reason, and nothing that was not measured")
    func reasons() async throws {
        let record = try await planOfReduction()
        #expect(record.status == .fitted && record.planReason?.contains("64×32") == true)
        #expect(record.outputSize == PixelSize(width: 32, height: 16))
        #expect(record.outputBytes == nil && record.quality == nil && record.encodes == nil && record.scale == nil)
    }

    @Test("A plan counts what is done already, and what is in the way")
    func done() async throws {
        let memory = InMemoryOutputs()
        for name in ["a", "b", "c"] { try runs.folder.write(JPEGBuilder().bytes, to: "in/\(name).jpg") }
        _ = try await runs.run(["in/a.jpg"]) { $0.memory = memory }
        try runs.folder.write([1], to: "out/b.jpg")
        for _ in 0..<2 {
            let plan = try await runs.run {
                $0.memory = memory
                $0.isDryRun = true
            }
            #expect(plan.report.skipReasons == [.done: 1, .outputExists: 1] && plan.report.count(.copied) == 1)
        }
        let run = try await runs.run { $0.memory = memory }
        #expect(run.report.skipReasons == [.done: 1, .outputExists: 1] && run.report.count(.copied) == 1)
    }

    @Test("A plan has the name that its output gets, by a pattern too")
    func names() async throws {
        try runs.folder.write(JPEGBuilder(width: 24, height: 16).bytes, to: "in/sub/a.JPG")
        let template = try OutputNameTemplate(pattern: Array("{stem}_{width}x{height}.{ext}".utf8))
        let plan = try await runs.run {
            $0.nameTemplate = template
            $0.isDryRun = true
        }
        let run = try await runs.run { $0.nameTemplate = template }
        #expect(plan.records["in/sub/a.JPG"]?.output == run.records["in/sub/a.JPG"]?.output)
        #expect(runs.outputs() == ["sub/a_24x16.JPG"])
    }
}
