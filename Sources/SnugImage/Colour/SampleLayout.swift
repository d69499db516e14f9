// SPDX-License-Identifier: Apache-2.0
import CLCMS

/// The memory layout of a decoded row before colour conversion.
struct SampleLayout: Sendable, Hashable {
    /// The meaning of a pixel's samples, alpha aside.
    enum Model: Sendable, Hashable {
        case gray, rgb
        /// 0 is no ink.
        case cmyk
        /// 255 is no ink: Adobe's JPEGs.
        case invertedCMYK
    }

    let model: Model
    /// Straight alpha as the last channel; never with CMYK.
    let hasAlpha: Bool
    /// Samples of two bytes in the machine's byte order, in rows that begin at even addresses; never with CMYK.
    let isSixteenBit: Bool

    /// Makes a layout.
    init(_ model: Model, hasAlpha: Bool = false, isSixteenBit: Bool = false) {
        precondition(!(hasAlpha || isSixteenBit) || model == .gray || model == .rgb, "CMYK has 8 bits and no alpha")
        self.model = model
        self.hasAlpha = hasAlpha
        self.isSixteenBit = isSixteenBit
    }

    /// Samples of a source pixel, alpha included.
    var channels: Int {
        switch model {
        case .gray: hasAlpha ? 2 : 1
        case .rgb: hasAlpha ? 4 : 3
        case .cmyk, .invertedCMYK: 4
        }
    }

    /// Bytes of a source pixel.
    var bytesPerPixel: Int { isSixteenBit ? channels * 2 : channels }

    /// 8-bit samples of a converted pixel: ``channels``, except that CMYK becomes RGB.
    var outputChannels: Int {
        switch model {
        case .gray, .rgb: channels
        case .cmyk, .invertedCMYK: 3
        }
    }

    /// The layout as the shim takes it.
    var forShim: snug_colour_layout {
        let model: snug_colour_model =
            switch self.model {
            case .gray: .gray
            case .rgb: .rgb
            case .cmyk: .cmyk
            case .invertedCMYK: .invertedCMYK
            }
        return snug_colour_layout(model: model, has_alpha: hasAlpha ? 1 : 0, is_sixteen_bit: isSixteenBit ? 1 : 0)
    }
}
