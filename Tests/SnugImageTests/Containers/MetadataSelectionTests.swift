// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// What of a person's metadata is in an output, for every choice of kinds: each kind has words of its own.
@Suite struct MetadataSelectionTests {
    private typealias Kind = FitPolicy.Metadata.Kind

    private static let packet =
        #"<x tiff:Orientation="6" exif:GPSLatitude="XMP-SECRET-PLACE"><dc:x>XMP-SECRET</dc:x></x>"#
    private static let selections: [FitPolicy.Metadata] = (0..<(1 << Kind.allCases.count)).map { bits in
        FitPolicy.Metadata(
            kinds: Set(Kind.allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)))
    }

    private static let iptc: [UInt8] =
        Array("Photoshop 3.0\0".utf8) + Array("8BIM".utf8) + [4, 4, 0, 0, 0, 0, 0, 12] + Array("IPTC-SECRET!".utf8)
        // EXIF and a packet in resources (0x0422, 0x0424), which tell the position once more.
        + [0x22, 0x24].flatMap {
            Array("8BIM".utf8) + [4, $0, 0, 0, 0, 0, 0, 16] + Array("RESOURCE-SECRET!".utf8)
        }

    private static func jpeg(_ orientation: Orientation) -> [UInt8] {
        var builder = JPEGBuilder(segments: [
            JPEGBuilder.jfif, JPEGBuilder.exif(EXIFDraft.camera(orientation.rawValue).bytes), JPEGBuilder.xmp(packet),
            JPEGBuilder.segment(0xED, iptc),
            JPEGBuilder.icc(1, of: 1, profile(space: "RGB ", description: textDescription("PROFILE"))),
            JPEGBuilder.segment(0xFE, Array("COMMENT-SECRET".utf8)),
            JPEGBuilder.segment(0xE5, Array("MAKER-SECRET".utf8)),
            JPEGBuilder.segment(0xE2, Array("MPF\0MPF-SECRET".utf8)),
            JPEGBuilder.segment(0xE1, Array("http://ns.adobe.com/xmp/extension/\0EXTENSION-SECRET".utf8)),
        ])
        builder.trailer = Array("TRAILER-SECRET".utf8)
        return builder.bytes
    }

    private static func png(_ orientation: Orientation) -> [UInt8] {
        func text(_ keyword: String, _ value: String) -> [UInt8] {
            PNGBuilder.chunk("tEXt", Array("\(keyword)\0\(value)".utf8))
        }
        var builder = PNGBuilder(chunks: [
            PNGBuilder.chunk("eXIf", EXIFDraft.camera(orientation.rawValue).bytes), PNGBuilder.xmp(packet),
            text("Comment", "COMMENT-SECRET"), text("Author", "AUTHOR-SECRET"), text("Copyright", "OWNER-SECRET"),
            PNGBuilder.chunk("tEXt", PNGTextProfile.chunk("8bim", Array(iptc.dropFirst(14)))),
            PNGBuilder.chunk("prVt", Array("MAKER-SECRET".utf8)),
        ])
        builder.lateChunks = [text("Comment", "LATE-SECRET")]
        builder.trailer = Array("TRAILER-SECRET".utf8)
        return builder.bytes
    }

    /// The words that may be in an output that keeps these kinds, of a JPEG.
    private static func allowed(_ selection: FitPolicy.Metadata, isJPEG: Bool) -> Set<String> {
        var words: Set<String> = []
        if selection.keeps(.gps) { words.insert(EXIFDraft.gps) }
        if selection.keeps(.exif) { words.insert(EXIFDraft.serial) }
        if selection.keeps(.copyright) { words.formUnion([EXIFDraft.artist, EXIFDraft.rights]) }
        if selection.keeps(.iptc) { words.insert("IPTC-SECRET!") }
        if selection.keeps(.comment) { words.insert("COMMENT-SECRET") }
        // A PNG's packet is kept whole or not at all: it may be compressed.
        if selection.keeps(.xmp), isJPEG || selection.keeps(.gps) { words.insert("XMP-SECRET<") }
        if selection.keeps(.xmp), selection.keeps(.gps) { words.insert("XMP-SECRET-PLACE") }
        if isJPEG {
            if selection.keeps(.xmp), selection.keeps(.gps) { words.insert("EXTENSION-SECRET") }
        } else {
            if selection.keeps(.comment) { words.insert("LATE-SECRET") }
            if selection.keeps(.comment) || selection.keeps(.copyright) {
                words.formUnion(["AUTHOR-SECRET", "OWNER-SECRET"])
            }
        }
        return words
    }

    private static let all: Set<String> = [
        EXIFDraft.gps, EXIFDraft.serial, EXIFDraft.artist, EXIFDraft.rights, "XMP-SECRET<", "XMP-SECRET-PLACE",
        "IPTC-SECRET!", "COMMENT-SECRET", "MAKER-SECRET", "MPF-SECRET", "EXTENSION-SECRET", "TRAILER-SECRET",
        "AUTHOR-SECRET", "OWNER-SECRET", "LATE-SECRET", "RESOURCE-SECRET!",
    ]

    private func words(in bytes: [UInt8]) -> Set<String> {
        let text = String(decoding: bytes, as: UTF8.self)
        // Profiles in text of a PNG are digits in lines.
        let digits = text.filter { $0 != "\n" }
        return Self.all.filter { text.contains($0) || digits.contains(Array($0.utf8).hexadecimal) }
    }

    @Test(
        "A stripped JPEG has exactly the words of the kinds that are kept",
        arguments: [Orientation.upright, .rotated90])
    func strippedJPEG(orientation: Orientation) throws {
        let input = Self.jpeg(orientation)
        let header = try probe(input)
        for selection in Self.selections {
            let stripper = try MetadataStripper(ImageSource(bytes: input), header: header, metadata: selection)
            let bytes = try #require(try stripper.bytes(byteLimit: .max))
            let expected = Self.allowed(selection, isJPEG: true)
                .union(selection == .keep ? ["RESOURCE-SECRET!"] : [])
            #expect(words(in: bytes) == expected, "\(selection.rawValue)")
            #expect(try probe(bytes).orientation == orientation, "\(selection.rawValue)")
            #expect(try exifSegments(bytes) <= 1, "readers take one of them")
            // The pixels are in the profile's colours: it stays whatever is dropped.
            #expect(try probe(bytes).iccProfileName == "PROFILE")
        }
    }

    @Test(
        "A stripped PNG has exactly the words of the kinds that are kept", arguments: [Orientation.upright, .rotated90])
    func strippedPNG(orientation: Orientation) throws {
        let input = Self.png(orientation)
        let header = try probe(input)
        #expect(header.orientation == orientation)
        for selection in Self.selections {
            let stripper = try MetadataStripper(ImageSource(bytes: input), header: header, metadata: selection)
            let bytes = try #require(try stripper.bytes(byteLimit: .max))
            let expected = Self.allowed(selection, isJPEG: false)
                .union(selection == .keep ? ["RESOURCE-SECRET!"] : [])
            #expect(words(in: bytes) == expected, "\(selection.rawValue)")
            #expect(try probe(bytes).orientation == orientation, "\(selection.rawValue)")
            #expect(try PNGDecoder.verify(ImageSource(bytes: bytes)).isSound)
            #expect(PNGTestFile(bytes).chunks.count { $0.name == "eXIf" } <= 1, "PNG allows one eXIf chunk")
        }
    }

    private func exifSegments(_ bytes: [UInt8]) throws -> Int {
        var reader = JPEGSegmentReader(ImageSource(bytes: bytes))
        var count = 0
        while let segment = try reader.next(), segment.marker != JPEGMarker.startOfScan {
            if case .exif = try reader.kind(of: segment) { count += 1 }
        }
        return count
    }

    @Test(
        "Segments for recompressed coefficients have the words that are kept, and the orientation of the pixels",
        arguments: [Orientation.upright, .rotated90])
    func unchanged(orientation: Orientation) throws {
        let input = Self.jpeg(orientation)
        let header = try probe(input)
        for selection in Self.selections {
            let segments = try MetadataSegments.unchanged(
                ImageSource(bytes: input), header: header, policy: FitPolicy(metadata: selection))
            let bytes = JPEGBuilder(segments: segments.map { JPEGBuilder.segment($0.marker, $0.payload) }).bytes
            let expected = Self.allowed(selection, isJPEG: true)
            #expect(words(in: bytes) == expected, "\(selection.rawValue)")
            #expect(try probe(bytes).orientation == orientation, "\(selection.rawValue)")
            #expect(try exifSegments(bytes) <= 1)
        }
    }

    @Test("Segments for new pixels have exactly the words of the kinds that are kept, and describe the new size")
    func encoded() throws {
        let input = Self.jpeg(.rotated90)
        let header = try probe(input)
        for selection in Self.selections {
            let policy = FitPolicy(metadata: selection)
            let segments = try MetadataSegments.encoded(
                ImageSource(bytes: input), header: header, policy: policy, profile: nil, size: (20, 30))
            let bytes = JPEGBuilder(
                segments: segments.map { JPEGBuilder.segment($0.marker, $0.payload) }
            ).bytes
            let expected = Self.allowed(selection, isJPEG: true)
            #expect(words(in: bytes) == expected, "\(selection.rawValue)")
            #expect(try probe(bytes).orientation == .upright)
            guard selection.keeps(.exif) else { continue }
            let block = try #require(
                segments.first { $0.payload.starts(with: Array("Exif".utf8)) }?.payload.dropFirst(6))
            let fields = try #require(EXIFDraft(reading: Array(block))?.fields)
            #expect(fields[0x0100] == .shorts([20]) && fields[0x0101] == .longs([30]))
        }
    }

    @Test("A profile goes along exactly when its kind is kept and colours are not converted")
    func profileGoesAlong() throws {
        let input = Self.jpeg(.upright)
        let header = try probe(input)
        for selection in Self.selections {
            for converts in [false, true] {
                var policy = FitPolicy(metadata: selection)
                policy.convertsToSRGB = converts
                #expect(policy.keepsProfile == (selection.keeps(.icc) && !converts))
                let unchanged = try MetadataSegments.unchanged(
                    ImageSource(bytes: input), header: header, policy: policy)
                #expect(unchanged.contains { $0.marker == 0xE2 }, "unchanged samples keep their colours' description")
            }
        }
    }

    @Test("In a finished file sizes are those of its pixels, and all else stays as it is")
    func described() throws {
        let file = JPEGBuilder(segments: [
            JPEGBuilder.jfif, JPEGBuilder.exif(EXIFDraft.camera(1, isLittleEndian: true).bytes),
            JPEGBuilder.xmp(#"<x tiff:ImageWidth="4000" tiff:ImageLength="3000"/>"#),
            JPEGBuilder.segment(0xE5, [1, 2, 3]), JPEGBuilder.segment(0xFE, [4]),
        ]).bytes
        let described = try MetadataSegments.described(file, width: 12, height: 1_234)
        let metadata = try ImageProbe.embeddedMetadata(of: ImageSource(bytes: described), header: try probe(described))
        let fields = try #require(metadata.exif.flatMap(EXIFDraft.init(reading:))?.fields)
        #expect(fields[0x0100] == .shorts([12]) && fields[0x0101] == .longs([1_234]))
        #expect(
            metadata.xmp.map { String(decoding: $0, as: UTF8.self) }
                == #"<x tiff:ImageWidth="12" tiff:ImageLength="1234"/>"#)
        let scan = try #require(try SequentialScan.read(ImageSource(bytes: file)))
        #expect(described.suffix(file.count - scan.data.lowerBound) == file[scan.data.lowerBound...])
        #expect(try MetadataSegments.described(described, width: 12, height: 1_234) == described)
        let bare = JPEGBuilder().bytes
        #expect(try MetadataSegments.described(bare, width: 1, height: 1) == bare)
    }

    @Test("Kinds are read as they are written, alone, together and as exceptions")
    func text() {
        for selection in Self.selections {
            #expect(FitPolicy.Metadata(rawValue: selection.rawValue) == selection)
        }
        let cases: [(String, Set<Kind>)] = [
            ("strip", []), ("keep", Set(Kind.allCases)), ("STRIP", []), ("exif,icc", [.exif, .icc]),
            ("exif, icc", [.exif, .icc]), ("strip,xmp", [.xmp]),
            ("no-gps", Set(Kind.allCases).subtracting([.gps])),
            ("keep,no-gps,no-copyright", Set(Kind.allCases).subtracting([.gps, .copyright])),
            ("exif,no-exif", []), ("no-gps,gps", Set(Kind.allCases)), ("gps,gps", [.gps]),
        ]
        for (text, kinds) in cases { #expect(FitPolicy.Metadata(rawValue: text)?.kinds == kinds, "\(text)") }
        for text in ["", ",", "exif,", "all", "no-", "no-all", "keep,strip", "exif;icc", "nogps"] {
            #expect(FitPolicy.Metadata(rawValue: text) == nil, "\(text)")
        }
    }
}
