// SPDX-License-Identifier: Apache-2.0

/// How a PNG stores its pixels, and so what a row given to ``PNGEncoder`` looks like.
enum PNGLayout: Sendable, Hashable {
    /// Gray of 1, 2, 4 or 8 bits, one byte a pixel in a row whatever the depth; of 16 bits, a native-endian pair.
    case gray(bits: Int)
    /// 8 or 16 bits.
    case grayAlpha(bits: Int)
    /// 8 or 16 bits.
    case rgb(bits: Int)
    /// 8 or 16 bits.
    case rgba(bits: Int)
    /// Indices of 1, 2, 4 or 8 bits, one byte a pixel in a row.
    case palette(PNGPalette, bits: Int)

    /// The layout without reduction for samples as decoders hand them out.
    init(channels: Int, bits: Int) {
        switch channels {
        case 1: self = .gray(bits: bits)
        case 2: self = .grayAlpha(bits: bits)
        case 3: self = .rgb(bits: bits)
        default: self = .rgba(bits: bits)
        }
    }

    /// Bits of a sample or an index.
    var bits: Int {
        switch self {
        case .gray(let bits), .grayAlpha(let bits), .rgb(let bits), .rgba(let bits), .palette(_, let bits): bits
        }
    }

    /// Samples of a pixel.
    var channels: Int {
        switch self {
        case .gray, .palette: 1
        case .grayAlpha: 2
        case .rgb: 3
        case .rgba: 4
        }
    }

    /// Whether PNG allows these bits with this kind of pixel (PNG 1.2 §11.2.2).
    var isAllowed: Bool {
        switch self {
        case .gray(let bits): [1, 2, 4, 8, 16].contains(bits)
        case .grayAlpha(let bits), .rgb(let bits), .rgba(let bits): bits == 8 || bits == 16
        case .palette(let palette, let bits):
            [1, 2, 4, 8].contains(bits) && (1...1 << bits).contains(palette.colours.count)
        }
    }

    /// Bytes of a row that holds `width` pixels, as ``PNGEncoder`` takes it.
    func rowByteCount(width: Int) -> Int { width * channels * (bits == 16 ? 2 : 1) }
}

/// Up to 256 colours, those that are not opaque first.
struct PNGPalette: Sendable, Hashable {
    /// Colours as `red << 24 | green << 16 | blue << 8 | alpha`.
    private(set) var colours: [UInt32]
    /// How many colours, counted from the first, are not opaque: the length of tRNS.
    private(set) var transparentCount: Int

    /// Sorts the colours so that tRNS is as short as can be.
    init(_ colours: some Sequence<UInt32>) {
        // By alpha, then by colour: neighbours in a gradient get neighbouring indices, which compresses better.
        self.colours = colours.sorted { ($0 & 255, $0) < ($1 & 255, $1) }
        transparentCount = self.colours.count { $0 & 255 != 255 }
    }

    /// Fewest bits that number all colours.
    var bits: Int {
        switch colours.count {
        case ...2: 1
        case ...4: 2
        case ...16: 4
        default: 8
        }
    }

    /// Four bytes for each colour: red, green, blue, alpha.
    var bytes: [UInt8] {
        colours.flatMap { colour in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> UInt32($0)) }
        }
    }
}

/// How hard and how a PNG is compressed, and what goes with the image.
struct PNGEncoderOptions: Sendable, Hashable {
    /// What is done to a row before it is deflated.
    enum Filter: Sendable, Hashable, CaseIterable {
        /// Best for palettes and low bit depths.
        case none
        case sub, up, paeth
        /// The filter of least absolute differences, row by row: best for photos.
        case adaptive
    }
    /// How deflate looks for matches.
    enum Strategy: Sendable, Hashable, CaseIterable { case standard, filtered, huffmanOnly, runLengths }

    /// zlib's level, 0 to 9.
    ///
    /// Default 6.
    var level = 6
    var filter = Filter.adaptive
    var strategy = Strategy.standard
    /// Written as iCCP.
    var iccProfile: [UInt8]?
    /// Written as eXIf: begins with the TIFF header, without "Exif\0\0".
    var exif: [UInt8]?
    /// Written uncompressed as iTXt under "XML:com.adobe.xmp", where readers look for it.
    var xmp: [UInt8]?
}
