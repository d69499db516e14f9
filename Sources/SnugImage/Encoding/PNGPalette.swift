// SPDX-License-Identifier: Apache-2.0

/// Up to 256 colours, those that are not opaque first.
struct PNGPalette: Sendable, Hashable {
    /// Colours as `red << 24 | green << 16 | blue << 8 | alpha`.
    private(set) var colours: [UInt32]
    /// The number of colours at the start that are not opaque: the length of tRNS.
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
