// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// The plan by table: sizes, formats, actions and refusals.
@Suite struct FitPlanTableTests {
    private static func header(_ format: ImageFormat, _ width: Int, _ height: Int) -> ImageHeader {
        var header = ImageHeader(format: format, width: width, height: height)
        header.colourModel = format == .jpeg ? .ycbcr : .rgb
        header.jpegProcess = format == .jpeg ? .baseline : nil
        return header
    }

    private func makePlan(
        _ header: ImageHeader, bytes: Int = 1000, _ limits: Limits = Limits(), _ policy: FitPolicy = FitPolicy()
    ) throws(ImageError) -> FitPlan {
        try FitPlan.make(header: header, byteCount: bytes, limits: limits, policy: policy)
    }

    struct Size: CustomTestStringConvertible, Sendable {
        var input: (Int, Int)
        var side: Int?
        var pixels: Int?
        var expected: (Int, Int)
        var testDescription: String { "\(input) side \(side ?? 0) pixels \(pixels ?? 0)" }

        init(_ width: Int, _ height: Int, side: Int? = nil, pixels: Int? = nil, _ expected: (Int, Int)) {
            input = (width, height)
            self.side = side
            self.pixels = pixels
            self.expected = expected
        }
    }

    static let sizes = [
        Size(100, 50, (100, 50)), Size(100, 50, side: 100, (100, 50)), Size(100, 50, side: 99, (99, 50)),
        Size(100, 50, side: 1, (1, 1)), Size(50, 100, side: 10, (5, 10)), Size(65_500, 1, side: 100, (100, 1)),
        Size(1, 65_500, side: 100, (1, 100)), Size(1000, 1000, pixels: 1_000_000, (1000, 1000)),
        Size(1000, 1000, pixels: 999_999, (999, 999)), Size(4000, 3000, pixels: 3_000_000, (2000, 1500)),
        Size(4000, 3000, side: 1000, pixels: 12_000_000, (1000, 750)),
        Size(4000, 3000, side: 3999, pixels: 120_000, (400, 300)), Size(3, 3, pixels: 8, (2, 2)),
        Size(7, 5, pixels: 1, (1, 1)), Size(10, 10, side: 20_000, pixels: 1_000_000, (10, 10)),
    ]

    @Test("Sizes stay within both limits and keep their ratio", arguments: sizes, [ImageFormat.jpeg, .png])
    func size(row: Size, format: ImageFormat) throws {
        let limits = Limits(maximumSide: row.side, maximumPixelCount: row.pixels)
        let plan = try makePlan(Self.header(format, row.input.0, row.input.1), limits)
        #expect((plan.width, plan.height) == row.expected)
        #expect(plan.action == ((plan.width, plan.height) == row.input ? .copy : .encode))
    }

    @Test("Any input and any limits: within them, never larger, never nothing", arguments: UInt64(0)..<40)
    func anySize(seed: UInt64) throws {
        var noise = SampleNoise(seed: seed)
        for _ in 0..<50 {
            let header = Self.header(
                .jpeg, Int.random(in: 1...20_000, using: &noise), Int.random(in: 1...20_000, using: &noise))
            let limits = Limits(
                maximumSide: Bool.random(using: &noise) ? Int.random(in: 1...8_000, using: &noise) : nil,
                maximumPixelCount: Bool.random(using: &noise) ? Int.random(in: 1...9_000_000, using: &noise) : nil)
            let plan = try makePlan(header, limits)
            #expect((1...header.width).contains(plan.width) && (1...header.height).contains(plan.height))
            if let side = limits.maximumSide { #expect(max(plan.width, plan.height) <= side) }
            // A side of one pixel may leave the other too long for a tiny limit on pixels.
            if let pixels = limits.maximumPixelCount, min(plan.width, plan.height) > 1 {
                #expect(plan.width * plan.height <= pixels)
            }
        }
    }

    struct Format: CustomTestStringConvertible, Sendable {
        var input: ImageFormat
        var accepted: Set<ImageFormat>
        var wanted: FitPolicy.OutputFormat
        /// `.some(nil)`: the pixels decide; `nil`: refused.
        var expected: ImageFormat??
        var action: FitPlan.Action?
        var testDescription: String { "\(input) as \(wanted.rawValue) into \(accepted.map(\.rawValue).sorted())" }
    }

    static let both: Set<ImageFormat> = [.jpeg, .png]
    static let formats = [
        Format(input: .jpeg, accepted: both, wanted: .automatic, expected: .some(.jpeg), action: .copy),
        Format(input: .png, accepted: both, wanted: .automatic, expected: .some(.png), action: .copy),
        Format(input: .jpeg, accepted: [.png], wanted: .automatic, expected: .some(.png), action: .encode),
        Format(input: .png, accepted: [.jpeg], wanted: .automatic, expected: .some(.jpeg), action: .encode),
        Format(input: .png, accepted: [.png, .webp], wanted: .automatic, expected: .some(.png), action: .copy),
        Format(input: .jpeg, accepted: both, wanted: .jpeg, expected: .some(.jpeg), action: .copy),
        Format(input: .png, accepted: both, wanted: .jpeg, expected: .some(.jpeg), action: .encode),
        Format(input: .jpeg, accepted: both, wanted: .png, expected: .some(.png), action: .encode),
        Format(input: .png, accepted: both, wanted: .png, expected: .some(.png), action: .copy),
        Format(input: .jpeg, accepted: both, wanted: .keep, expected: .some(.jpeg), action: .copy),
        Format(input: .png, accepted: both, wanted: .keep, expected: .some(.png), action: .copy),
        Format(input: .jpeg, accepted: [.png], wanted: .keep),
        Format(input: .png, accepted: [.jpeg], wanted: .keep),
        Format(input: .png, accepted: [.png], wanted: .jpeg),
        Format(input: .jpeg, accepted: [.jpeg, .webp], wanted: .png),
        Format(input: .jpeg, accepted: [.webp, .gif], wanted: .automatic, expected: .some(.webp), action: .encode),
        Format(input: .jpeg, accepted: [.jpeg, .webp], wanted: .automatic, expected: .some(.jpeg), action: .copy),
        Format(input: .png, accepted: [.jpeg, .webp], wanted: .automatic, expected: .some(.webp), action: .encode),
        Format(input: .webp, accepted: both, wanted: .automatic, expected: .some(nil), action: .encode),
        Format(input: .webp, accepted: [.png, .webp], wanted: .automatic, expected: .some(.webp), action: .copy),
        Format(input: .webp, accepted: [.webp], wanted: .png),
        Format(input: .webp, accepted: both, wanted: .keep),
        Format(input: .webp, accepted: [.png, .webp], wanted: .png, expected: .some(.png), action: .encode),
        Format(input: .png, accepted: [.png, .webp], wanted: .webp, expected: .some(.webp), action: .encode),
        Format(input: .png, accepted: both, wanted: .webp),
        // A format that is only read is passed on where it complies.
        Format(input: .gif, accepted: [.gif, .png], wanted: .keep, expected: .some(.gif), action: .copy),
        Format(input: .gif, accepted: [.gif], wanted: .automatic, expected: .some(.gif), action: .copy),
        Format(input: .gif, accepted: both, wanted: .keep),
        Format(input: .gif, accepted: [.bmp], wanted: .automatic),
        Format(input: .jpeg, accepted: [.gif, .bmp], wanted: .automatic),
        Format(input: .jpeg, accepted: [], wanted: .automatic),
    ]

    @Test("The output's format follows the request, the API and the input", arguments: formats)
    func format(row: Format) throws {
        let limits = Limits(formats: row.accepted)
        let policy = FitPolicy(format: row.wanted)
        guard let expected = row.expected else {
            let error = #expect(throws: ImageError.self) {
                try makePlan(Self.header(row.input, 10, 10), limits, policy)
            }
            #expect(error?.code == .invalidArgument)
            return
        }
        let plan = try makePlan(Self.header(row.input, 10, 10), limits, policy)
        #expect(plan.format == expected && plan.action == row.action)
    }

    @Test("A refused request names the formats that are accepted")
    func formatMessage() {
        let error = #expect(throws: ImageError.self) {
            try makePlan(Self.header(.jpeg, 1, 1), Limits(formats: [.png, .webp]), FitPolicy(format: .jpeg))
        }
        #expect(error?.message == "JPEG was asked for, but only PNG, WebP is accepted there")
    }

    @Test(
        "The byte limit decides between copying and stripping, counted as the API counts",
        arguments: [
            (Limits.ByteCounting.raw, 1000, 1000, FitPlan.Action.copy), (.raw, 1000, 1001, .strip),
            (.base64, 1000, 750, .copy), (.base64, 1000, 751, .strip), (.base64, 1003, 750, .copy),
            (.base64, 1003, 751, .strip), (.base64, 1004, 753, .copy), (.raw, 1, 1, .copy), (.raw, 1, 2, .strip),
        ])
    func bytes(counting: Limits.ByteCounting, limit: Int, bytes: Int, expected: FitPlan.Action) throws {
        let plan = try makePlan(
            Self.header(.jpeg, 10, 10), bytes: bytes, Limits(byteLimit: limit, counting: counting))
        #expect(plan.action == expected)
    }

    @Test("Reasons are named, all of them")
    func reasons() throws {
        var alpha = Self.header(.png, 4000, 2000)
        alpha.colourModel = .rgba
        let plan = try makePlan(
            alpha, Limits(maximumSide: 100, formats: [.jpeg]), FitPolicy(background: .white))
        #expect(
            plan.reason
                == "4000×2000 is over the limit on pixels or sides, PNG is not accepted, its transparency is to be filled"
        )
        #expect(
            try makePlan(Self.header(.png, 1, 1), Limits(), FitPolicy(format: .jpeg)).reason
                == "another format was asked for")
        #expect(try makePlan(Self.header(.png, 1, 1)).reason == "complies already")
        #expect(
            try makePlan(Self.header(.png, 1, 1), bytes: 7, Limits(byteLimit: 6)).reason
                == "7 bytes are over the limit of 6")
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var limits = Limits()
        var policy = FitPolicy()
        var code = ImageError.Code.invalidArgument
        var message: String
    }

    static let refusals: [Refused] = [
        Refused(testDescription: "no bytes", limits: Limits(byteLimit: 0), message: "the byte limit is 0"),
        Refused(testDescription: "negative bytes", limits: Limits(byteLimit: -5), message: "the byte limit is -5"),
        Refused(testDescription: "no side", limits: Limits(maximumSide: 0), message: "on the side"),
        Refused(testDescription: "no smallest side", limits: Limits(minimumSide: 0), message: "on the side"),
        Refused(testDescription: "no pixels", limits: Limits(maximumPixelCount: 0), message: "pixel count"),
        Refused(testDescription: "floor 0", policy: FitPolicy(qualityFloor: 0), message: "floor 0 and ceiling 100"),
        Refused(testDescription: "floor 101", policy: FitPolicy(qualityFloor: 101), message: "floor 101"),
        Refused(
            testDescription: "ceiling 0", policy: FitPolicy(qualityFloor: 1, qualityCeiling: 0), message: "ceiling 0"),
        Refused(testDescription: "ceiling 101", policy: FitPolicy(qualityCeiling: 101), message: "ceiling 101"),
        Refused(
            testDescription: "floor over ceiling", policy: FitPolicy(qualityFloor: 80, qualityCeiling: 79),
            message: "floor first"),
        Refused(
            testDescription: "too small", limits: Limits(minimumSide: 21), code: .cannotFit,
            message: "is 40×20; images are never enlarged, and sides of at least 21"),
        Refused(
            testDescription: "too small once scaled", limits: Limits(maximumSide: 10, minimumSide: 6), code: .cannotFit,
            message: "is 10×5 once its other limits are met"),
    ]

    @Test("Arguments that contradict themselves are refused by name", arguments: refusals)
    func refused(row: Refused) {
        let error = #expect(throws: ImageError.self) {
            try makePlan(Self.header(.jpeg, 40, 20), row.limits, row.policy)
        }
        #expect(error?.code == row.code)
        #expect(error?.message.contains(row.message) == true, "\(error?.message ?? "")")
    }

    @Test("Formats that are not decoded are refused by their name", arguments: ImageFormat.allCases)
    func decodable(format: ImageFormat) throws {
        if format.isDecodable {
            #expect(throws: Never.self) { try makePlan(Self.header(format, 1, 1)) }
            return
        }
        let error = #expect(throws: ImageError.self) { try makePlan(Self.header(format, 1, 1)) }
        #expect(error?.code == .unsupportedFormat && error?.message.hasPrefix("is \(format)") == true)
    }

    @Test(
        "Of a JPEG's variants the unsupported are refused by name", arguments: JPEGProcess.allCases, [8, 12])
    func variants(process: JPEGProcess, bits: Int) throws {
        var header = Self.header(.jpeg, 1, 1)
        header.jpegProcess = process
        header.bitsPerSample = bits
        guard process == .lossless || process == .hierarchical || bits != 8 else {
            #expect(throws: Never.self) { try makePlan(header) }
            return
        }
        let error = #expect(throws: ImageError.self) { try makePlan(header) }
        #expect(error?.code == .unsupportedFeature)
        let names = process == .lossless || process == .hierarchical ? process.rawValue : "12 bits"
        #expect(error?.message.contains(names) == true)
    }

    @Test("Only a JPEG is decoded at less than its size")
    func eighthsOfPNG() throws {
        let header = Self.header(.png, 4000, 3000)
        #expect(try makePlan(header, Limits(maximumSide: 10)).eighths(for: header) == 8)
    }

    @Test(
        "The decoder leaves at least 1.4 times the output's sides, or everything",
        arguments: [3, 10, 100, 350, 357, 358, 714, 715, 1428, 1429, 4000])
    func eighths(side: Int) throws {
        let header = Self.header(.jpeg, 4000, 2000)
        let plan = try makePlan(header, Limits(maximumSide: side))
        let eighths = plan.eighths(for: header)
        #expect([1, 2, 4, 8].contains(eighths))
        let share = max(Double(plan.width) / 4000, Double(plan.height) / 2000)
        if eighths < 8 { #expect(Double(eighths) / 8 >= 1.4 * share) }
        if eighths > 1 { #expect(Double(eighths) / 16 < 1.4 * share) }
    }
}
