// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugTestSupport
import SystemPackage
import Testing

/// The treatment of a file that complies: by what was asked for, never by the path that the code takes.
@Suite struct TreatmentTests {
    private let runs: RunFolder

    init() throws { runs = try RunFolder() }

    /// What a file has in it.
    enum Kind: String, CaseIterable, Sendable {
        case plain, position, comment, orientation, trailer, wide, text, transparent

        var bytes: [UInt8] {
            var jpeg = JPEGBuilder(width: 32, height: 16)
            var png = PNGBuilder(width: 32, height: 16)
            // Tag 0x8825 points at the directory of positions; 0x0112 is the orientation.
            let position = TIFFBuilder([TIFFBuilder.Entry(0x8825, type: 4, value: 26)])
            switch self {
            case .plain: break
            case .position:
                var block = position
                block.trailer = TIFFBuilder([TIFFBuilder.Entry(0x0001, type: 3, value: 7)]).directory
                jpeg.segments = [JPEGBuilder.exif(block.bytes)]
            case .comment: jpeg.segments = [JPEGBuilder.segment(0xFE, Array("taken at home".utf8))]
            case .orientation: jpeg.segments = [JPEGBuilder.exif(TIFFBuilder([.orientation(6)]).bytes)]
            case .trailer: jpeg.trailer = Array("behind the end".utf8)
            case .wide:
                // Display P3 as code points (ITU-T H.273): primaries 12, transfer 13, full range.
                png.chunks = [PNGBuilder.chunk("cICP", [12, 13, 0, 1])]
                png.fill = 200
                return png.bytes
            case .text:
                png.chunks = [PNGBuilder.chunk("tEXt", Array("Comment\0taken at home".utf8))]
                return png.bytes
            case .transparent:
                png.colourType = 6
                png.fill = 100
                return png.bytes
            }
            return jpeg.bytes
        }

        var name: String { [.wide, .text, .transparent].contains(self) ? "a.png" : "a.jpg" }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var kind: Kind
        var asked: String
        var status: FitRecord.Status
        var isSame = false
        var testDescription: String { "\(kind) \(asked)" }
    }

    private static func policy(_ asked: String) -> FitPolicy {
        var policy = FitPolicy()
        switch asked {
        case "keep": policy.metadata = .keep
        case "copy": policy.copiesCompliant = true
        case "no-gps": policy.metadata = FitPolicy.Metadata(rawValue: "no-gps") ?? .strip
        case "srgb": policy.convertsToSRGB = true
        case "white": policy.background = RGBColour(red: 255, green: 255, blue: 255)
        case "lossless": policy.isLossless = true
        default: break
        }
        return policy
    }

    static let cases = [
        Case(kind: .plain, asked: "strip", status: .copied, isSame: true),
        Case(kind: .plain, asked: "keep", status: .copied, isSame: true),
        Case(kind: .plain, asked: "copy", status: .copied, isSame: true),
        Case(kind: .position, asked: "strip", status: .stripped),
        Case(kind: .position, asked: "no-gps", status: .stripped),
        Case(kind: .position, asked: "keep", status: .copied, isSame: true),
        Case(kind: .position, asked: "copy", status: .copied, isSame: true),
        Case(kind: .comment, asked: "strip", status: .stripped),
        Case(kind: .comment, asked: "no-gps", status: .copied, isSame: true),
        Case(kind: .comment, asked: "copy", status: .copied, isSame: true),
        Case(kind: .orientation, asked: "strip", status: .fitted),
        Case(kind: .orientation, asked: "keep", status: .copied, isSame: true),
        Case(kind: .orientation, asked: "copy", status: .copied, isSame: true),
        Case(kind: .trailer, asked: "strip", status: .stripped),
        Case(kind: .wide, asked: "strip", status: .copied, isSame: true),
        Case(kind: .wide, asked: "srgb", status: .fitted),
        Case(kind: .text, asked: "strip", status: .stripped),
        Case(kind: .text, asked: "keep", status: .copied, isSame: true),
        Case(kind: .transparent, asked: "strip", status: .copied, isSame: true),
        Case(kind: .transparent, asked: "white", status: .fitted),
    ]

    @Test("A complying file is copied, stripped, turned or converted by what was asked for", arguments: cases)
    func treatment(row: Case) async throws {
        let bytes = row.kind.bytes
        try runs.folder.write(bytes, to: "in/\(row.kind.name)")
        let outcome = try await runs.run { $0.policy = Self.policy(row.asked) }
        let record = try #require(outcome.records["in/\(row.kind.name)"])
        #expect(record.status == row.status, "\(record.error?.message ?? "")")
        let output = try #require(try runs.output(record))
        #expect((output == bytes) == row.isSame)
        #expect(output.count == record.outputBytes)
        if row.status != .copied, row.asked != "no-gps" {
            for trace in ["taken at home", "behind the end", "Exif", "cICP"] {
                #expect(output.firstRange(of: Array(trace.utf8)) == nil, "\(trace)")
            }
        }
    }

    @Test(
        "A stripped photo has the coefficients of its source, to the last one",
        arguments: [Kind.position, .comment, .trailer])
    func lossless(kind: Kind) async throws {
        try runs.folder.write(kind.bytes, to: "in/a.jpg")
        _ = try await runs.run()
        let output = try #require(try runs.folder.bytes(of: "out/a.jpg"))
        #expect(JPEGReference.coefficients(of: output) == JPEGReference.coefficients(of: kind.bytes))
        #expect(!JPEGReference.coefficients(of: output).isEmpty)
    }

    @Test("A photo on its side comes out upright, whatever the rest of it is", arguments: 1...8)
    func orientations(orientation: Int) async throws {
        var jpeg = JPEGBuilder(width: 48, height: 16)
        jpeg.segments = [JPEGBuilder.exif(TIFFBuilder([.orientation(orientation)]).bytes)]
        try runs.folder.write(jpeg.bytes, to: "in/a.jpg")
        let record = try #require(try await runs.run().records["in/a.jpg"])
        let output = try #require(try runs.folder.bytes(of: "out/a.jpg"))
        let plane = try #require(JPEGReference.plane(0, of: output))
        // EXIF 2.32, orientation: from 5 on rows and columns change places.
        let isSwapped = orientation >= 5
        #expect([plane.width, plane.height] == (isSwapped ? [16, 48] : [48, 16]))
        #expect(record.outputSize == PixelSize(width: plane.width, height: plane.height))
        #expect(record.size == record.outputSize)
    }

    @Test(
        "A file over a limit is brought under it, and no other limit is broken on the way",
        arguments: [
            (1_500, nil, nil), (10_000, 100, nil), (10_000, nil, 5_000), (10_000, 50, 1_000),
        ] as [(Int, Int?, Int?)])
    func limits(bytes: Int, side: Int?, pixels: Int?) async throws {
        // A wave that needs more than the limits allow, encoded by libjpeg.
        let samples = (0..<200 * 150).map { UInt8(truncatingIfNeeded: ($0 % 200) * ($0 / 200) / 7) }
        let plane = JPEGReference.Plane(width: 200, height: 150, samples: samples)
        try runs.folder.write(JPEGReference.encode([plane], quality: 95), to: "in/a.jpg")
        let outcome = try await runs.run {
            $0.limits = Limits(byteLimit: bytes, maximumSide: side, maximumPixelCount: pixels)
        }
        #expect(outcome.report.count(.fitted) == 1)
        let output = try #require(try runs.folder.bytes(of: "out/a.jpg"))
        let found = try #require(JPEGReference.plane(0, of: output))
        #expect(output.count <= bytes && found.width * 3 / 4 - found.height < 3)
        #expect(found.width <= side ?? 200 && found.width * found.height <= pixels ?? .max)
    }

    @Test("A limit as a share of the input counts for each file by its own size")
    func share() async throws {
        for (name, count) in [("a", 20_000), ("b", 40_000)] {
            var jpeg = JPEGBuilder(width: 16, height: 16)
            jpeg.segments = [JPEGBuilder.segment(0xFE, pattern(count))]
            try runs.folder.write(jpeg.bytes, to: "in/\(name).jpg")
        }
        let records = try await runs.run { $0.limits.inputShare = 0.5 }.records
        for (name, record) in records {
            let input = try #require(try runs.folder.bytes(of: name)).count
            #expect(record.limitBytes == input / 2 && (record.outputBytes ?? .max) <= input / 2)
        }
        #expect(records.count == 2)
    }

    @Test("A saving that is too small is none: the file goes out as it is")
    func minimumSaving() async throws {
        // Tables that fit the content badly: lossless recompression always saves something.
        let samples = (0..<64 * 64).map { UInt8(truncatingIfNeeded: $0 * $0 / 5) }
        let bytes = JPEGReference.encode([.init(width: 64, height: 64, samples: samples)], quality: 90)
        try runs.folder.write(bytes, to: "in/a.jpg")
        let outcome = try await runs.run {
            $0.policy.isLossless = true
            $0.policy.minimumSaving = 0.95
        }
        #expect(outcome.report.count(.copied) == 1)
        #expect(try runs.folder.bytes(of: "out/a.jpg") == bytes)
    }
}
