// SPDX-License-Identifier: Apache-2.0

/// The purpose of a PNG chunk.
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
