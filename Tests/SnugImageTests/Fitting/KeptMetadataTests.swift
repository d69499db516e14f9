// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Texts, names and IPTC records that are kept where pixels are encoded, whatever the formats, or told as lost.
@Suite struct KeptMetadataTests {
    private static let records: [UInt8] = [0x1C, 2, 105, 0, 8] + Array("HEADLINE".utf8)

    private static func resource(_ data: [UInt8]) -> [UInt8] {
        Array("8BIM".utf8) + [4, 4, 0, 0, 0, 0, 0, UInt8(data.count)] + data + (data.count % 2 == 1 ? [0] : [])
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] { PNGBuilder.chunk(type, data) }

    private static func png() throws -> [UInt8] {
        let drawn = try DrawnImage.png(DrawnImage.scene(width: 60, height: 40))
        let profile = PNGTextProfile.chunk("iptc", records)
        let texts =
            chunk("tEXt", Array("Comment\0plain words".utf8))
            + chunk("zTXt", Array("Title\0\0".utf8) + PNGBuilder.zlib(Array("packed words".utf8)))
            + chunk("iTXt", Array("Description\0\0\0de\0\0Grüße 画".utf8))
            + chunk("tEXt", Array("Author\0Jane".utf8))
            + chunk("tEXt", Array("Copyright\0".utf8) + [0xA9] + Array(" Doe".utf8))
            + chunk("tEXt", Array("GPS place\0SECRET".utf8)) + chunk("tEXt", profile)
        return Array(drawn[..<33] + texts + drawn[33...])
    }

    private static func jpeg() throws -> [UInt8] {
        try DrawnImage.jpeg(
            DrawnImage.scene(width: 60, height: 40),
            segments: [
                MetadataSegment(marker: 0xFE, payload: Array("Grüße 画".utf8)),
                MetadataSegment(marker: 0xED, payload: PhotoshopResources.payload(resource(records))),
            ])
    }

    private func fit(
        _ bytes: [UInt8], _ format: FitPolicy.OutputFormat, _ metadata: String
    ) async throws -> (metadata: EmbeddedMetadata, warnings: [String]) {
        var policy = FitPolicy(format: format)
        policy.metadata = try #require(FitPolicy.Metadata(rawValue: metadata))
        policy.maximumScale = 0.5
        let image = try await ImageFitter(configuration: .init(memory: 1 << 28, threads: 1)).fit(
            ImageSource(bytes: bytes), limits: Limits(byteLimit: 1 << 20, formats: [.jpeg, .png, .webp]), policy: policy
        )
        #expect(image.status == .fitted && image.width == 30)
        let output = image.bytes(of: bytes)
        return (
            try ImageProbe.embeddedMetadata(of: ImageSource(bytes: output), header: try probe(output)), image.warnings
        )
    }

    private static let names = EXIFEditor.block(artist: "Jane", copyright: "© Doe")

    @Test("Text and records of a PNG are in a PNG as they were, by kind")
    func pngToPNG() async throws {
        let kept = try await fit(Self.png(), .png, "keep")
        let words = ["plain words", "packed words", "Grüße 画", "Jane", "© Doe", "SECRET"]
        #expect(kept.metadata.texts.map(\.text) == words && kept.warnings.isEmpty)
        #expect(kept.metadata.texts.map(\.keyword).prefix(3) == ["Comment", "Title", "Description"])
        #expect(kept.metadata.resources == Self.resource(Self.records))
        #expect(try await fit(Self.png(), .png, "copyright").metadata.texts.map(\.text) == ["Jane", "© Doe"])
        #expect(try await fit(Self.png(), .png, "no-gps").metadata.texts.map(\.text) == words.dropLast())
        #expect(try await fit(Self.png(), .png, "strip").metadata == EmbeddedMetadata())
    }

    @Test("In a JPEG they are comments, names in EXIF, and resources")
    func pngToJPEG() async throws {
        let kept = try await fit(Self.png(), .jpeg, "no-gps")
        #expect(
            kept.metadata.texts.map(\.text) == ["plain words", "Title: packed words", "Description: Grüße 画"])
        #expect(kept.metadata.exif == Self.names && kept.metadata.resources == Self.resource(Self.records))
        #expect(kept.warnings.isEmpty)
        let rights = try await fit(Self.png(), .jpeg, "copyright").metadata
        #expect(rights == EmbeddedMetadata(exif: Self.names))
    }

    @Test("A WebP has the names in EXIF, and says what it has no place for")
    func pngToWebP() async throws {
        let rights = try await fit(Self.png(), .webp, "copyright")
        #expect(rights.metadata.exif == Self.names && rights.warnings.isEmpty)
        let kept = try await fit(Self.png(), .webp, "keep")
        #expect(kept.warnings == ["could not be kept in a WebP: IPTC records, text"])
    }

    @Test("Comments and records of a JPEG are in a PNG, and comments of a GIF in a JPEG")
    func others() async throws {
        let kept = try await fit(Self.jpeg(), .png, "keep")
        #expect(kept.metadata.texts == [MetadataText(keyword: "Comment", text: "Grüße 画")] && kept.warnings.isEmpty)
        #expect(kept.metadata.resources == Self.resource(Self.records))
        let same = try await fit(Self.jpeg(), .jpeg, "iptc")
        #expect(same.metadata == EmbeddedMetadata(resources: Self.resource(Self.records)))
        var gif = GIFBuilder(
            width: 60, height: 2,
            frames: [
                .init(
                    width: 60, height: 2, indexes: .init(repeating: 1, count: 120), palette: [[1, 2, 3], [4, 5, 6]])
            ])
        gif.extensions = [0x21, 0xFE, 3] + Array("abc".utf8) + [2] + Array("de".utf8) + [0]
        #expect(try await fit(gif.bytes, .jpeg, "comment").metadata.texts.map(\.text) == ["abcde"])
    }

    private static let extended =
        Array("http://ns.adobe.com/xmp/extension/\0".utf8) + [UInt8](repeating: 0x41, count: 400)

    private static func extendedJPEG() throws -> [UInt8] {
        try DrawnImage.jpeg(
            DrawnImage.scene(width: 60, height: 40),
            segments: [
                MetadataSegment(marker: 0xE1, payload: Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8)),
                MetadataSegment(marker: 0xE1, payload: extended),
            ])
    }

    @Test("Extended XMP is kept from JPEG to JPEG, encoded or not, with any position that is in it; else it is told")
    func extendedXMP() async throws {
        let source = try Self.extendedJPEG()
        let lost = "could not be kept in a "
        for (format, scale, kinds, remains, warning) in [
            (FitPolicy.OutputFormat.jpeg, 0.5, "keep", true, nil), (.jpeg, 0.5, "xmp,gps", true, nil),
            (.jpeg, 0.5, "xmp", false, "JPEG"), (.jpeg, 0.5, "strip", false, nil), (.jpeg, 1, "xmp", false, "JPEG"),
            (.jpeg, 1, "xmp,gps", true, nil), (.jpeg, 0.5, "no-xmp", false, nil), (.png, 0.5, "keep", false, "PNG"),
            (.webp, 0.5, "xmp", false, "WebP"),
        ] as [(FitPolicy.OutputFormat, Double, String, Bool, String?)] {
            var policy = FitPolicy(format: format)
            policy.metadata = try #require(FitPolicy.Metadata(rawValue: kinds))
            policy.maximumScale = scale
            let image = try await ImageFitter(configuration: .init(memory: 1 << 28, threads: 1)).fit(
                ImageSource(bytes: source), limits: Limits(byteLimit: 1 << 20, formats: [.jpeg, .png, .webp]),
                policy: policy)
            let output = image.bytes(of: source)
            #expect(output.contains(Self.extended) == remains, "\(format) \(scale) \(kinds)")
            #expect(image.warnings == (warning.map { ["\(lost)\($0): extended XMP"] } ?? []), "\(format) \(kinds)")
        }
    }

    @Test("Metadata of a TIFF are those of the page that is read")
    func tiffPages() throws {
        func pages(_ page: Int) throws -> [UInt8]? {
            var first = TIFFBuilder([.init(0x02BC, type: 1, count: 4, value: 0x3C61_2F3E)])
            var second = first
            second.entries[0].value = 0x3C62_2F3E
            first.nextDirectory = first.bytes.count
            first.trailer = second.directory
            return try ImageProbe.tiffMetadata(
                of: ImageSource(bytes: first.bytes), limits: DecodingLimits(), page: page
            ).xmp
        }
        #expect(try pages(1) == Array("<a/>".utf8) && pages(2) == Array("<b/>".utf8))
        #expect(throws: ImageError.self) { try pages(3) }
    }

    @Test("EXIF, position, XMP and records of a TIFF are a block of their own", arguments: [false, true])
    func tiff(isLittleEndian: Bool) throws {
        let place: [Int: EXIFDraft.Value] = [1: .text("N"), 2: .rationals([1, 1, 2, 1, 3, 1])]
        let exif: [Int: EXIFDraft.Value] = [0x8827: .shorts([400]), 0x9003: .text("2024:01:02 03:04:05")]
        var draft = EXIFDraft(
            [
                0x0100: .longs([8]), 0x010F: .text("Maker"), 0x013B: .text("Jane"), 0x8298: .text("Doe"),
                0x02BC: .bytes(Array("<x/>".utf8)), 0x83BB: .bytes(Self.records), 0x8825: .directory(place),
                0x8769: .directory(exif.merging([0x927C: .bytes([1, 2, 3, 4, 5, 6])]) { $1 }),
            ], isLittleEndian: isLittleEndian)
        let metadata = try ImageProbe.tiffMetadata(of: ImageSource(bytes: draft.bytes), limits: DecodingLimits())
        #expect(metadata.xmp == Array("<x/>".utf8) && metadata.resources == Self.resource(Self.records))
        let fields = try #require(metadata.exif.flatMap(EXIFDraft.init(reading:))?.fields)
        #expect(
            fields == [
                0x010F: .text("Maker"), 0x013B: .text("Jane"), 0x8298: .text("Doe"), 0x8825: .directory(place),
                0x8769: .directory(exif),
            ])
        // Cut anywhere, what is there or an error.
        let whole = draft.bytes
        for end in 8..<whole.count {
            _ = try? ImageProbe.tiffMetadata(of: ImageSource(bytes: Array(whole[..<end])), limits: DecodingLimits())
        }
        draft.fields = [0x0100: .longs([8])]
        #expect(
            try ImageProbe.tiffMetadata(of: ImageSource(bytes: draft.bytes), limits: DecodingLimits())
                == EmbeddedMetadata())
    }

    @Test("Text that inflates to more than metadata may have is read no further")
    func bombs() throws {
        let bomb = Self.chunk(
            "zTXt", Array("Title\0\0".utf8) + PNGBuilder.zlib([UInt8](repeating: 0x61, count: 60_000)))
        let drawn = try DrawnImage.png(DrawnImage.scene(width: 8, height: 8))
        let bytes = Array(drawn[..<33] + [[UInt8]](repeating: bomb, count: 20).joined() + drawn[33...])
        let metadata = try ImageProbe.embeddedMetadata(
            of: ImageSource(bytes: bytes), header: try probe(bytes),
            limits: DecodingLimits(maximumMetadataBytes: 100_000))
        #expect(metadata.texts.count == 2)
    }
}
