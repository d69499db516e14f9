// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Nothing that a stranger can send may trap, hang or be accepted by surprise.
@Suite struct HostileInputTests {
    /// Runs everything that reads a header or walks a file; errors are fine, and only ``ImageError`` compiles.
    private func exercise(_ bytes: [UInt8]) {
        let source = ImageSource(bytes: bytes)
        do throws(ImageError) {
            let header = try ImageProbe.header(of: source)
            #expect(header.format == .svg || header.format == .pdf || header.width >= 0)
            _ = try ImageProbe.iccProfile(of: source, header: header)
            _ = try ImageProbe.embeddedMetadata(of: source, header: header).upright()
            guard header.format.isDecodable else { return }
            let report = try StructureWalk.report(of: source, header: header)
            #expect(report.imageEnd + report.trailingByteCount == bytes.count)
            for metadata in FitPolicy.Metadata.allCases {
                let stripper = try MetadataStripper(source, header: header, metadata: metadata)
                let stripped = try stripper.bytes(byteLimit: .max)
                #expect(stripped?.count == stripper.byteCount)
            }
        } catch {
            #expect(!error.message.isEmpty)
        }
    }

    static let victims: [[UInt8]] = {
        var second = TIFFBuilder([.init(0x0201, type: 4, value: 80), .init(0x0202, type: 4, value: 4)])
        second.directoryOffset = 0
        var block = TIFFBuilder([.orientation(6), .init(0x8769, type: 4, value: 38)])
        block.nextDirectory = 38
        block.trailer = second.directory + [1, 2, 3, 4]
        var jpeg = JPEGBuilder(segments: [
            JPEGBuilder.jfif, JPEGBuilder.exif(block.bytes),
            JPEGBuilder.xmp("<a tiff:Orientation=\"6\" Item:Semantic=\"MotionPhoto\" Item:Length=\"9\"/>"),
            JPEGBuilder.icc(1, of: 1, profile(space: "RGB ", description: localisedDescription("p"))),
            JPEGBuilder.segment(0xE2, Array("MPF\0".utf8) + TIFFBuilder([.init(0xB001, type: 4, value: 2)]).bytes),
        ])
        jpeg.frameMarker = 0xC2
        jpeg.restartInterval = 1
        let png = PNGBuilder(
            chunks: [
                PNGBuilder.chunk("iCCP", Array("p\0\0".utf8)),
                PNGBuilder.chunk("cHRM", [UInt8](repeating: 1, count: 32)),
                PNGBuilder.chunk("PLTE", [1, 2, 3, 4, 5, 6]), PNGBuilder.chunk("tRNS", [0, 255]),
                PNGBuilder.chunk("eXIf", block.bytes), PNGBuilder.xmp("<tiff:Orientation>8</tiff:Orientation>"),
            ], colourType: 3)
        return [jpeg.bytes, png.bytes] + FormatRecognitionTests.samples.map(\.bytes)
    }()

    @Test("A file cut at any byte", arguments: victims.indices)
    func truncation(index: Int) {
        let bytes = Self.victims[index]
        for count in 0...bytes.count { exercise(Array(bytes[..<count])) }
    }

    @Test("Random bytes changed at random places", arguments: UInt64(0)..<40)
    func flips(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for victim in Self.victims {
            for _ in 0..<50 {
                var bytes = victim
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    guard let index = bytes.indices.randomElement(using: &random) else { continue }
                    let extremes: [UInt8] = [
                        0, 0xFF, 0x80, 0x7F, bytes[index] ^ 1, .random(in: 0...255, using: &random),
                    ]
                    bytes[index] = extremes.randomElement(using: &random) ?? 0
                }
                exercise(bytes)
            }
        }
    }

    @Test("Random bytes after a signature", arguments: UInt64(0)..<40)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for victim in Self.victims {
            let noise = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            exercise(Array(victim.prefix(Int.random(in: 2...24, using: &random))) + noise)
        }
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var code: ImageError.Code
        var limits = DecodingLimits()
    }

    static let jpegs: [Refused] = {
        let soi: [UInt8] = [0xFF, 0xD8]
        let segment = JPEGBuilder.segment
        let frame = segment(0xC0, [8, 0, 16, 0, 16, 1, 1, 0x11, 0])
        let scan = segment(0xDA, [1, 1, 0, 0, 63, 0])
        func framed(_ payload: [UInt8]) -> [UInt8] { soi + segment(0xC0, payload) + scan }
        return [
            Refused(testDescription: "SOI alone", bytes: soi, code: .truncatedInput),
            Refused(testDescription: "no frame header", bytes: soi + scan, code: .corruptInput),
            Refused(testDescription: "tables only", bytes: soi + [0xFF, 0xD9], code: .corruptInput),
            Refused(testDescription: "two frame headers", bytes: soi + frame + frame + scan, code: .corruptInput),
            Refused(testDescription: "a second SOI", bytes: soi + soi + frame + scan, code: .corruptInput),
            Refused(testDescription: "length 1", bytes: soi + [0xFF, 0xE0, 0, 1] + frame + scan, code: .corruptInput),
            Refused(
                testDescription: "length past the end", bytes: soi + [0xFF, 0xE1, 0xFF, 0xFF, 1], code: .truncatedInput),
            Refused(
                testDescription: "zero width", bytes: framed([8, 0, 16, 0, 0, 1, 1, 0x11, 0]), code: .corruptInput),
            Refused(
                // Legal when a DNL segment gives the height behind the scan (T.81 B.2.5), which is not read.
                testDescription: "zero height", bytes: framed([8, 0, 0, 0, 16, 1, 1, 0x11, 0]),
                code: .unsupportedFeature),
            Refused(testDescription: "no components", bytes: framed([8, 0, 16, 0, 16, 0]), code: .corruptInput),
            Refused(
                testDescription: "five components",
                bytes: framed([8, 0, 16, 0, 16, 5] + (1...5).flatMap { [$0, 0x11, 0] }), code: .unsupportedFeature),
            Refused(
                testDescription: "sampling factor 0", bytes: framed([8, 0, 16, 0, 16, 1, 1, 0x01, 0]),
                code: .corruptInput),
            Refused(
                testDescription: "sampling factor 5", bytes: framed([8, 0, 16, 0, 16, 1, 1, 0x15, 0]),
                code: .corruptInput),
            Refused(
                testDescription: "frame header too short", bytes: framed([8, 0, 16, 0, 16, 3, 1, 0x11, 0]),
                code: .corruptInput),
            Refused(
                testDescription: "rubbish without end", bytes: soi + [UInt8](repeating: 1, count: 70_000),
                code: .corruptInput),
            Refused(
                testDescription: "fill bytes without end",
                bytes: [UInt8](repeating: 0xFF, count: 1) + [0xD8] + [UInt8](repeating: 0xFF, count: 70_000),
                code: .corruptInput),
        ]
    }()

    static let pngs: [Refused] = {
        let chunk = PNGBuilder.chunk
        func file(_ header: [UInt8], _ rest: [UInt8] = PNGBuilder.chunk("IDAT", [])) -> [UInt8] {
            PNGBuilder.signature + header + rest
        }
        let header = PNGBuilder.header(width: 1, height: 1)
        var flipped = header
        flipped[10] ^= 1
        var palette = chunk("PLTE", [1, 2, 3])
        palette[8] ^= 1
        return [
            Refused(
                testDescription: "signature cut", bytes: Array(PNGBuilder.signature.prefix(5)), code: .truncatedInput),
            Refused(
                testDescription: "text-mode transfer", bytes: [0x89, 0x50, 0x4E, 0x47, 0x0A, 0x1A, 0x0A, 0, 0],
                code: .corruptInput),
            Refused(
                testDescription: "zero width", bytes: file(PNGBuilder.header(width: 0, height: 1)), code: .corruptInput),
            Refused(
                testDescription: "zero height", bytes: file(PNGBuilder.header(width: 1, height: 0)), code: .corruptInput
            ),
            Refused(
                testDescription: "width over 2³¹", bytes: file(PNGBuilder.header(width: 1 << 31, height: 1)),
                code: .corruptInput),
            Refused(
                testDescription: "interlacing 2", bytes: file(PNGBuilder.header(width: 1, height: 1, interlacing: 2)),
                code: .corruptInput),
            Refused(testDescription: "IHDR with a wrong checksum", bytes: file(flipped), code: .corruptInput),
            Refused(testDescription: "PLTE with a wrong checksum", bytes: file(header, palette), code: .corruptInput),
            Refused(testDescription: "no IHDR", bytes: file(chunk("IDAT", [])), code: .corruptInput),
            Refused(testDescription: "no image data", bytes: file(header, chunk("IEND", [])), code: .corruptInput),
            Refused(
                testDescription: "palette missing", bytes: file(PNGBuilder.header(width: 1, height: 1, colourType: 3)),
                code: .corruptInput),
            Refused(
                testDescription: "palette of 257",
                bytes: file(header, chunk("PLTE", [UInt8](repeating: 0, count: 771))), code: .corruptInput),
            Refused(
                testDescription: "tEXt of 2 GB in 65 bytes",
                bytes: file(header, [0x7F, 0xFF, 0xFF, 0xFF] + Array("tEXt".utf8) + [1, 2, 3]), code: .truncatedInput),
            Refused(
                testDescription: "chunk of 4 GB", bytes: file(header, [0xFF, 0xFF, 0xFF, 0xFF] + Array("tEXt".utf8)),
                code: .corruptInput),
            Refused(
                testDescription: "chunk type of control bytes", bytes: file(header, [0, 0, 0, 0, 1, 2, 3, 4]),
                code: .corruptInput),
            Refused(
                testDescription: "Apple's CgBI", bytes: file(chunk("CgBI", [0, 0, 0, 0])), code: .unsupportedFeature),
            Refused(
                testDescription: "unknown critical chunk", bytes: file(header, chunk("ABCD", [])),
                code: .unsupportedFeature),
        ]
    }()

    static let limits: [Refused] = {
        let bomb = JPEGBuilder.segment(0xC0, [8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0])
        let scan = JPEGBuilder.segment(0xDA, [1, 1, 0, 0, 63, 0])
        let comments = JPEGBuilder(segments: Array(repeating: JPEGBuilder.segment(0xFE, [1]), count: 20)).bytes
        let text = PNGBuilder(chunks: Array(repeating: PNGBuilder.chunk("zTXt", [65, 0, 0]), count: 20)).bytes
        let wide = PNGBuilder.header(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF)
        return [
            Refused(
                testDescription: "JPEG of 4.3 gigapixels", bytes: [0xFF, 0xD8] + bomb + scan, code: .limitExceeded),
            Refused(testDescription: "PNG of 2³¹ × 2³¹", bytes: PNGBuilder.signature + wide, code: .limitExceeded),
            Refused(
                testDescription: "PNG of 2³¹ × 2³¹, no side limit", bytes: PNGBuilder.signature + wide,
                code: .limitExceeded, limits: DecodingLimits(maximumSide: .max)),
            Refused(
                testDescription: "JPEG segments", bytes: comments, code: .limitExceeded,
                limits: DecodingLimits(maximumChunkCount: 19)),
            Refused(
                testDescription: "JPEG metadata", bytes: comments, code: .limitExceeded,
                limits: DecodingLimits(maximumMetadataBytes: 99)),
            Refused(
                testDescription: "PNG chunks", bytes: text, code: .limitExceeded,
                limits: DecodingLimits(maximumChunkCount: 19)),
            Refused(
                testDescription: "PNG metadata", bytes: text, code: .limitExceeded,
                limits: DecodingLimits(maximumMetadataBytes: 299)),
        ]
    }()

    @Test("Contradictory and excessive inputs are refused with the right code", arguments: jpegs + pngs + limits)
    func refused(_ refused: Refused) {
        let error = #expect(throws: ImageError.self) { try probe(refused.bytes, limits: refused.limits) }
        #expect(error?.code == refused.code)
    }

    @Test("An error about a limit has its value, the limit and the setting")
    func limitDetails() throws {
        let bytes = JPEGBuilder(width: 30, height: 20).bytes
        let pixels = #expect(throws: ImageError.self) {
            try probe(bytes, limits: DecodingLimits(maximumPixelCount: 599))
        }
        #expect(pixels?.details == ["value": .integer(600), "limit": .integer(599)])
        #expect(pixels?.settings == [.inputPixels] && pixels?.message.contains("--") == false)
        let side = #expect(throws: ImageError.self) { try probe(bytes, limits: DecodingLimits(maximumSide: 29)) }
        #expect(side?.details == ["value": .integer(30), "limit": .integer(29)] && side?.settings == [.inputSide])
        #expect(try probe(bytes, limits: DecodingLimits(maximumPixelCount: 600, maximumSide: 30)).width == 30)
    }
}
