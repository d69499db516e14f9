// SPDX-License-Identifier: Apache-2.0

/// What a PNG chunk is for.
enum PNGChunkKind {
    /// Says what the pixels are and how they are shown.
    case image
    case icc, exif, xmp, iptc, text
    /// Anything else: time, suggested palettes, histograms, private chunks.
    case other

    /// Tells the kind by type and, for text, by keyword.
    init(_ chunk: PNGChunk, in chunks: inout PNGChunkReader) throws(ImageError) {
        switch chunk.type {
        case "iCCP": self = .icc
        case "eXIf": self = .exif
        case "tEXt", "zTXt", "iTXt":
            // ImageMagick and exiftool put hexadecimal EXIF, IPTC and XMP under these keywords.
            switch try chunks.data(chunk, count: 80).latin1(at: 0, limit: 79) {
            case "XML:com.adobe.xmp", "Raw profile type xmp": self = .xmp
            case "Raw profile type exif", "Raw profile type APP1": self = .exif
            case "Raw profile type iptc", "Raw profile type 8bim": self = .iptc
            case "Raw profile type icc", "Raw profile type icm": self = .icc
            default: self = .text
            }
        // bKGD and pHYs count as image: a viewer flattens on the one, and the other may say that pixels are not
        // square. Both are tiny and hold nothing about anybody.
        case "tRNS", "gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI", "sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT":
            self = .image
        default: self = chunk.isCritical ? .image : .other
        }
    }
}

extension MetadataSizes {
    /// Counts a PNG chunk.
    mutating func add(_ chunk: PNGChunk, kind: PNGChunkKind) {
        switch kind {
        case .image: break
        case .icc: icc += chunk.range.count
        case .exif: exif += chunk.range.count
        case .xmp: xmp += chunk.range.count
        case .iptc: iptc += chunk.range.count
        case .text: comments += chunk.range.count
        case .other: other += chunk.range.count
        }
    }
}

/// What a PNG says about its colours: a profile before `sRGB` before `gAMA` (PNG specification §12.13.1).
struct PNGColour {
    private(set) var profileName: String?
    private var profileByteCount: Int?
    private var isSRGB = false
    private var gamma: Double?
    private var chromaticities: Chromaticities?

    /// Takes in one chunk; of a kind that comes twice, the first counts.
    mutating func note(_ chunk: PNGChunk, data: ByteView) {
        switch chunk.type {
        case "iCCP" where profileByteCount == nil:
            let name = data.latin1(at: 0, limit: 79)
            profileName = name.isEmpty ? nil : name
            profileByteCount = max(0, chunk.data.count - name.utf8.count - 2)
        case "sRGB" where chunk.data.count == 1: isSRGB = true
        case "gAMA" where chunk.data.count == 4 && gamma == nil:
            if let value = data.u32(at: 0), value > 0 { gamma = Double(value) / 100_000 }
        case "cHRM" where chunk.data.count == 32 && chromaticities == nil:
            let xy = (0..<8).compactMap { data.u32(at: 4 * $0) }.map { Double($0) / 100_000 }
            guard xy.count == 8 else { return }
            chromaticities = Chromaticities(
                whiteX: xy[0], whiteY: xy[1], redX: xy[2], redY: xy[3],
                greenX: xy[4], greenY: xy[5], blueX: xy[6], blueY: xy[7])
        default: break
        }
    }

    /// The declaration that wins.
    var declaration: ColourSpaceDeclaration {
        if let profileByteCount { return .icc(byteCount: profileByteCount) }
        if isSRGB { return .sRGB }
        return gamma.map { .gamma($0, chromaticities: chromaticities) } ?? .undeclared
    }
}
