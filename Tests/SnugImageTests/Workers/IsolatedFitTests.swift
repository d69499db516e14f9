// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugImage

/// Fits in processes of their own give the bytes that fits in this process give.
@Suite struct IsolatedFitTests {
    struct Row: CustomTestStringConvertible {
        var file: String
        var limits = Limits()
        var policy = FitPolicy()
        var testDescription: String { "\(file) \(limits.byteLimit) \(policy.format) \(policy.strategy)" }

        init(_ file: String, bytes: Int = 10_000_000, _ change: (inout FitPolicy) -> Void = { _ in }) {
            self.file = file
            limits.byteLimit = bytes
            change(&policy)
            limits = limits.accepting(policy.format)
        }
    }
    static let rows: [Row] = [
        Row("JPEG/420.jpg"), Row("JPEG/420.jpg", bytes: 900), Row("JPEG/progressive.jpg", bytes: 700),
        Row("JPEG/cmyk.jpg"), Row("JPEG/gray.jpg", bytes: 600) { $0.strategy = .stepped },
        Row("JPEG/arithmetic.jpg"), Row("JPEG/422.jpg") { $0.format = .webp },
        Row("JPEG/444.jpg") { $0.frame = ExactFrame(width: 16, height: 16, filling: .crop) },
        Row("JPEG/444.jpg", bytes: 20), Row("JPEG/444.jpg") { $0.copiesCompliant = true },
        Row("png/rgb8.png"), Row("png/rgba16-adam7.png"), Row("png/palette4-trns.png") { $0.format = .jpeg },
        Row("png/rgba8.png") { $0.format = .webp }, Row("png/gray1.png", bytes: 70),
        Row("GIF/frames.gif") { $0.page = 1 }, Row("GIF/transparent.gif"), Row("GIF/no-screen.gif"),
        Row("WebP/lossy.webp") { $0.format = .jpeg }, Row("WebP/orientation-6.webp"),
        Row("WebP/p3.webp") { $0.metadata = .keep }, Row("WebP/alpha-lossless.webp", bytes: 300),
        Row("BMP/rgb555.bmp"), Row("BMP/rle8.bmp"), Row("BMP/alpha.ico"),
        Row("Workers/plain.avif"), Row("Workers/tiled.tif"),
    ]

    private static func bytes(_ file: String) throws -> [UInt8] {
        let parts = file.split(separator: "/").map(String.init)
        return try FixtureFolder(name: parts[0]).bytes(parts[1])
    }

    private static func fitter(_ isolation: ImageFitter.Isolation) throws -> ImageFitter {
        ImageFitter(
            configuration: .init(
                memory: 256 << 20, threads: 2, decoderWorker: try WorkerFixture.worker(), isolation: isolation))
    }

    /// Everything that a caller sees.
    private static func outcome(_ row: Row, by fitter: ImageFitter, _ source: ImageSource) async throws -> [String] {
        do {
            let image = try await fitter.fit(source, limits: row.limits, policy: row.policy)
            let content =
                switch image.content {
                case .source: "the source"
                case .bytes(let bytes): bytes.hexadecimal
                }
            return [
                content, image.status.rawValue, "\(image.byteCount)", "\(image.format)",
                "\(image.width)×\(image.height)",
                "\(String(describing: image.quality))", "\(image.scale)", "\(image.encodes)", "\(image.warnings)",
                "\(image.header)",
            ]
        } catch let error as ImageError {
            return ["\(error)", "\(error.details.sorted { $0.key < $1.key })", "\(error.settings)"]
        }
    }

    @Test("One process gives each image the result of its own order, whatever came before")
    func alternatingOrders() async throws {
        let bytes = try Self.bytes("JPEG/420.jpg")
        let isolated = ImageFitter(
            configuration: .init(
                memory: 256 << 20, threads: 1, decoderWorker: try WorkerFixture.worker(), isolation: .everything))
        let here = try Self.fitter(.riskyFormats)
        let rows = [
            Row("JPEG/420.jpg", bytes: 900), Row("JPEG/420.jpg") { $0.format = .png }, Row("JPEG/420.jpg", bytes: 1),
        ]
        for index in [0, 0, 1, 0, 2, 1, 1, 0] {
            let source = ImageSource(bytes: bytes)
            let expected = try await Self.outcome(rows[index], by: here, source)
            #expect(try await Self.outcome(rows[index], by: isolated, source) == expected)
        }
    }

    @Test("The same bytes, figures, warnings and errors come out of a process of its own", arguments: rows)
    func sameBytes(row: Row) async throws {
        let bytes = try Self.bytes(row.file)
        let here = try await Self.outcome(row, by: Self.fitter(.riskyFormats), ImageSource(bytes: bytes))
        let isolated = try Self.fitter(.everything)
        let there = try await Self.outcome(row, by: isolated, ImageSource(bytes: bytes))
        #expect(there == here)
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "image")
        #expect(try await Self.outcome(row, by: isolated, ImageSource(file: path)) == here)
        #expect(isolated.memoryUse.used == 0)
    }

    @Test("The range of alpha is found there too")
    func alpha() async throws {
        for file in ["png/rgba8.png", "png/rgb8.png", "WebP/alpha-lossy.webp", "GIF/transparent.gif"] {
            let source = ImageSource(bytes: try Self.bytes(file))
            let here = try await Self.fitter(.riskyFormats).alphaRange(of: source)
            #expect(try await Self.fitter(.everything).alphaRange(of: source) == here, "\(file)")
        }
    }

    @Test("Every limit, policy and error that can be said is understood as it was said")
    func words() throws {
        var limits = Limits(
            byteLimit: 123_457, counting: .base64, maximumSide: 99, minimumSide: 3, maximumPixelCount: 1 << 41,
            formats: [.webp, .gif, .jpegXL], maximumImagesPerRequest: 4)
        (limits.maximumWidth, limits.maximumHeight, limits.maximumShortSide) = (7, 8, 9)
        (limits.minimumBytes, limits.inputShare, limits.requiresSRGB) = (11, 0.1, true)
        var policy = FitPolicy(
            strategy: .stepped, effort: .fast, keepsSize: true, qualityFloor: 31, qualityCeiling: 77, format: .keep,
            metadata: FitPolicy.Metadata(kinds: [.icc, .copyright]), chroma: .s444,
            background: RGBColour(red: 1, green: 2, blue: 255), recoversPartialImages: true,
            decodingLimits: DecodingLimits(maximumPixelCount: 5, maximumScanWork: 6))
        (policy.copiesCompliant, policy.maximumScale, policy.isLossless) = (true, 1 / 3, true)
        policy.frame = ExactFrame(width: 12, height: 13, filling: .pad)
        (policy.minimumSaving, policy.isBaseline, policy.convertsToSRGB, policy.page) = (0.7, true, true, 3)
        (policy.palette, policy.dither) = (.never, .always)
        let order = FitOrder(task: .alphaRange, limits: limits, policy: policy, memory: .max)
        #expect(FitOrder(try order.bytes()) == order)
        limits.inputShare = .nan
        #expect(throws: ImageError.self) { try FitOrder(limits: limits, memory: 1).bytes() }

        let error = ImageError(
            .cannotFit, "is “too large”:\n10 MB \u{1B}[1m",
            details: ["a": .integer(.min), "b": .number(0.1), "c": .text("é")],
            settings: [.byteLimit, .qualityFloor])
        let reply = FitReply.failure(FitReply.Failure(error))
        guard let bytes = reply.bytes, case .failure(let failure) = FitReply(bytes) else {
            Issue.record("not understood")
            return
        }
        #expect(failure.error?.code == .cannotFit && failure.error?.message == "is “too large”:10 MB [1m")
        #expect(failure.error?.details == error.details && failure.error?.settings == error.settings)
        for bytes in [[], Array("{}".utf8), Array("{\"image\":{}}".utf8)] { #expect(FitReply(bytes) == nil) }
    }

    @Test("The report of a fitted image crosses between processes as it is, and nothing else is taken for one")
    func reports() throws {
        let json = """
            {"status": "fitted", "isSource": false, "byteCount": 7920, "format": "jpeg", "width": 240, "height": 180,
                "scale": 0.1, "encodes": 3, "warnings": ["é, “quoted”", ""]}
            """
        var report = try JSONDecoder().decode(FitReply.Report.self, from: Data(json.utf8))
        for quality in [nil, 0.1, 95] {
            report.quality = quality
            let bytes = try #require(FitReply.image(report).bytes)
            #expect(FitReply(bytes) == .image(report))
            for count in 0..<bytes.count - 1 { #expect(FitReply(Array(bytes.prefix(count))) != .image(report)) }
        }
        let infinite = String(Double.infinity.bitPattern)
        for words in [
            "I", "I\0fitted", "I\0fitted\01\07\0jpeg\01\01\0\0\(infinite)\01",
            "I\0fitted\01\07\0jpeg\01\01\0\(infinite)\00\01", "I\0fitted\02\07\0jpeg\01\01\0\00\01",
            "I\0fitted\01\07\0exe\01\01\0\00\01", "II\0fitted\01\07\0jpeg\01\01\0\00\01",
        ] { #expect(FitReply(Array(words.utf8)) == nil) }
        report.scale = .nan
        #expect(FitReply.image(report).bytes == nil)
    }
}
