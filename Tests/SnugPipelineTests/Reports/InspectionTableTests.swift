// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// Facts of a header, in words and in JSON.
@Suite struct InspectionTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func json(_ bytes: [UInt8], _ limits: Limits = Limits()) async throws -> JSONValue {
        try await Inspection.read(try folder.write(bytes, to: "file"), limits: limits).json(target: nil)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var limits: Limits
        /// Of a JPEG of 64 by 48 pixels.
        var violation: String?
        var testDescription: String { violation ?? "complies" }
    }

    private static func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Limits()
        change(&limits)
        return limits
    }

    static let rows = [
        Row(limits: Limits(), violation: nil),
        Row(limits: limits { $0.maximumSide = 64 }, violation: nil),
        Row(limits: limits { $0.maximumSide = 63 }, violation: "64 pixels a side are more than 63"),
        Row(limits: limits { $0.minimumSide = 48 }, violation: nil),
        Row(limits: limits { $0.minimumSide = 49 }, violation: "48 pixels a side are fewer than 49"),
        Row(limits: limits { $0.maximumWidth = 63 }, violation: "64 columns are more than 63"),
        Row(limits: limits { $0.maximumWidth = 64 }, violation: nil),
        Row(limits: limits { $0.maximumHeight = 47 }, violation: "48 rows are more than 47"),
        Row(limits: limits { $0.maximumHeight = 48 }, violation: nil),
        Row(limits: limits { $0.maximumShortSide = 47 }, violation: "48 pixels on the shorter side are more than 47"),
        Row(limits: limits { $0.maximumPixelCount = 3071 }, violation: "3072 pixels are more than 3071"),
        Row(limits: limits { $0.maximumPixelCount = 3072 }, violation: nil),
        Row(limits: limits { $0.formats = [.png] }, violation: "JPEG is not accepted"),
        Row(limits: limits { $0.minimumBytes = 100_000 }, violation: "bytes are fewer than 100000"),
        Row(limits: limits { $0.byteLimit = 100 }, violation: "is more than 100 bytes"),
    ]

    @Test("A file at a limit complies, one beyond it is told by how much", arguments: rows)
    func violations(row: Row) async throws {
        let path = try folder.write(JPEGBuilder(width: 64, height: 48).bytes, to: "a")
        let inspection = try await Inspection.read(path, limits: row.limits)
        let found = try inspection.facts.get().violations
        #expect(found.count == (row.violation == nil ? 0 : 1))
        if let violation = row.violation { #expect(found.first?.hasSuffix(violation) == true, "\(found)") }
        #expect(inspection.json(target: "x")["complies"] == .flag(row.violation == nil))
    }

    @Test("Limits of width and height count for the image as it is seen, not as it is stored")
    func upright() async throws {
        var jpeg = JPEGBuilder(width: 64, height: 48)
        jpeg.segments = [JPEGBuilder.exif(TIFFBuilder([.orientation(8)]).bytes)]
        let path = try folder.write(jpeg.bytes, to: "a")
        let wide = try await Inspection.read(path, limits: Self.limits { $0.maximumWidth = 50 })
        #expect(try wide.facts.get().violations.isEmpty)
        let high = try await Inspection.read(path, limits: Self.limits { $0.maximumHeight = 50 })
        #expect(try high.facts.get().violations == ["64 rows are more than 50"])
    }

    @Test("A limit as a share of the file is shown as the bytes that it is")
    func share() async throws {
        let bytes = JPEGBuilder(width: 64, height: 48).bytes
        let found = try await json(bytes, Self.limits { $0.inputShare = 0.5 })
        #expect(found["limit_bytes"] == .integer(bytes.count / 2) && found["complies"] == false)
    }

    @Test(
        "What the header says is in the JSON",
        arguments: [
            ("baseline", "jpeg", "4:4:4", false), ("progressive", "jpeg", "4:4:4", false), ("png", "png", nil, false),
            ("alpha", "png", nil, true), ("gray", "png", nil, false), ("sampled", "jpeg", "4:2:0", false),
        ] as [(String, String, String?, Bool)])
    func facts(kind: String, format: String, chroma: String?, alpha: Bool) async throws {
        var jpeg = JPEGBuilder(width: 32, height: 16)
        var png = PNGBuilder(width: 32, height: 16)
        switch kind {
        case "progressive": jpeg.frameMarker = 0xC2
        case "sampled": jpeg.components = [.init(1, 2, 2), .init(2), .init(3)]
        case "alpha": png.colourType = 6
        case "gray": png.colourType = 0
        default: break
        }
        let found = try await json(format == "jpeg" ? jpeg.bytes : png.bytes)
        #expect(found["format"] == .text(format) && found["width"] == 32 && found["height"] == 16)
        #expect(found["chroma_subsampling"] == chroma.map { .text($0) } && found["alpha"] == .flag(alpha))
        #expect(found["jpeg_process"] == (format == "png" ? nil : kind == "progressive" ? "progressive" : "baseline"))
        #expect(found["bits_per_sample"] == 8 && found["animated"] == false && found["orientation"] == 1)
        #expect(found["warnings"] == [] && found["trailer"] == nil)
    }

    @Test("Bytes of metadata are told by kind")
    func metadata() async throws {
        var jpeg = JPEGBuilder()
        jpeg.segments = [
            JPEGBuilder.exif(TIFFBuilder([.orientation(1)]).bytes), JPEGBuilder.xmp("<x/>"),
            JPEGBuilder.segment(0xFE, [1, 2, 3]), JPEGBuilder.icc(1, of: 1, [UInt8](repeating: 0, count: 50)),
        ]
        let found = try #require(try await json(jpeg.bytes)["metadata_bytes"])
        for kind in ["exif", "xmp", "icc", "comments"] { #expect((found[kind]?.amount ?? 0) > 0, "\(kind)") }
        #expect(found["iptc"] == 0)
        // A kind's bytes are at least those of what it holds, and at most those of its segment.
        #expect((3...7).contains(Int(found["comments"]?.amount ?? 0)))
        #expect((50...68).contains(Int(found["icc"]?.amount ?? 0)))
    }

    @Test(
        "A file that is no image, or no whole one, has its error and nothing that was not read",
        arguments: [
            ([], "empty_input"), (Array("hello".utf8), "not_an_image"), ([0xFF, 0xD8, 0xFF], nil),
            (Array(PNGBuilder().bytes.prefix(20)), nil),
        ] as [([UInt8], String?)])
    func unreadable(bytes: [UInt8], code: String?) async throws {
        let found = try await json(bytes)
        #expect(found.members.map(\.key) == ["input", "error"])
        if let code { #expect(found["error"]?["code"] == .text(code)) }
    }

    @Test("Fields that a format's header does not tell are null, never a placeholder")
    func partial() async throws {
        // ISO 14496-12: a file type box of HEIC, and nothing that Snug reads further.
        let box: [UInt8] = [0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0] + Array("mif1heic".utf8)
        let found = try await json(box + [UInt8](repeating: 0, count: 64))
        guard found["format"] == "heic" else { return }
        for key in ["width", "upright_width", "orientation", "bits_per_sample", "alpha", "metadata_bytes"] {
            #expect(found.members.contains { $0.key == key && $0.value == .null }, "\(key)")
        }
    }

    @Test(
        "A name that is no UTF-8 comes with its bytes, whether its file can be read or not", arguments: [true, false])
    func hex(isThere: Bool) async throws {
        let name = Array("a".utf8) + [0xFE]
        if isThere { try folder.write(JPEGBuilder().bytes, toName: name) }
        let json = try await Inspection.read(folder.path(ofName: name)).json(target: nil)
        #expect(json["input_hex"]?.text?.hasSuffix("61fe") == true && (json["error"] == nil) == isThere)
    }

    @Test("A plan's reason and uncertainty are in the JSON beside its action")
    func plans() async throws {
        let copied = try await json(JPEGBuilder().bytes)["plan"]
        #expect(copied?.members.map(\.key) == ["action", "format", "width", "height", "reason", "uncertainty"])
        #expect(copied?["action"] == "copy" && copied?["format"] == "jpeg")
        let encoded = try await json(JPEGBuilder(width: 64, height: 48).bytes, Self.limits { $0.maximumSide = 32 })[
            "plan"]
        #expect(encoded?["action"] == "encode" && encoded?["width"] == 32 && encoded?["height"] == 24)
    }
}
