// SPDX-License-Identifier: Apache-2.0

/// The layout of a PNG's pixels, and of the rows that ``PNGEncoder`` takes.
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

    /// True when PNG allows these bits with this kind of pixel (PNG 1.2 §11.2.2).
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
