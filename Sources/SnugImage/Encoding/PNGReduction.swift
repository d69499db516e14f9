// SPDX-License-Identifier: Apache-2.0

/// The smallest layout that holds every pixel of a plane exactly, and how its rows are turned into that layout.
struct PNGReduction {
    /// The layout of the pixels in the PNG.
    let layout: PNGLayout
    private let conversion: Conversion

    private enum Conversion {
        /// Rows are stored as they are.
        case none
        /// These samples of each pixel are kept.
        case samples(kept: [Int], channels: Int)
        /// Gray of a low depth: 8-bit levels divided by the step between levels.
        case levels(step: UInt8, channels: Int)
        /// Colours of so many channels are replaced by their index.
        case indices(PNGColourTable, channels: Int)
    }

    /// Looks at every pixel of `plane` and picks the layout.
    /// - Parameters:
    ///   - usesPalette: Whether few colours become a palette, which takes bytes of its own in a tiny image.
    ///   - prefersPalette: Whether they do so where gray samples are as small.
    init(of plane: Plane, usesPalette: Bool = true, prefersPalette: Bool = false) {
        let census = PNGColourCensus(of: plane)
        let channels = plane.channels
        let kept = Self.kept(isGray: census.isGray, isOpaque: census.isOpaque, channels: channels)
        let grayBits = census.isGray && census.isOpaque ? census.grayBits : 16
        let paletteBits = census.palette?.bits ?? 16
        if let palette = census.palette, usesPalette, prefersPalette || paletteBits < min(grayBits, kept.count * 8) {
            layout = .palette(palette, bits: paletteBits)
            conversion = .indices(PNGColourTable(palette), channels: channels)
        } else if grayBits < 8 {
            layout = .gray(bits: grayBits)
            conversion = .levels(step: UInt8(255 / ((1 << grayBits) - 1)), channels: channels)
        } else {
            layout = PNGLayout(channels: kept.count, bits: 8)
            let isWhole = kept.count == channels
            conversion = isWhole ? .none : .samples(kept: kept, channels: channels)
        }
    }

    /// Which samples of a pixel are needed.
    private static func kept(isGray: Bool, isOpaque: Bool, channels: Int) -> [Int] {
        let colours = channels < 3 || isGray ? [0] : [0, 1, 2]
        let hasAlpha = channels == 2 || channels == 4
        return hasAlpha && !isOpaque ? colours + [channels - 1] : colours
    }

    /// True when ``convert(_:into:)`` changes rows.
    var changesRows: Bool {
        if case .none = conversion { false } else { true }
    }

    /// Turns a row of the plane into a row of the layout.
    func convert(_ row: Span<UInt8>, into output: inout MutableSpan<UInt8>) {
        switch conversion {
        case .none:
            for index in row.indices { output[index] = row[index] }
        case .samples(let kept, let channels):
            var written = 0
            for pixel in Swift.stride(from: 0, to: row.count, by: channels) {
                for sample in kept {
                    output[written] = row[pixel + sample]
                    written += 1
                }
            }
        case .levels(let step, let channels):
            for x in output.indices { output[x] = row[x * channels] / step }
        case .indices(let table, let channels):
            var lastColour: UInt32 = 0
            var lastIndex = table.index(of: 0) ?? 0
            for x in output.indices {
                let colour = PNGColourCensus.colour(of: row, at: x * channels, channels: channels)
                if colour != lastColour {
                    lastColour = colour
                    lastIndex = table.index(of: colour) ?? 0
                }
                output[x] = lastIndex
            }
        }
    }
}
