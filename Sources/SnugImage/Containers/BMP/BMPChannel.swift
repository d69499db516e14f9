// SPDX-License-Identifier: Apache-2.0

/// The bits of one colour in a pixel of 16 or 32 bits.
struct BMPChannel: Sendable, Hashable {
    let shift: Int
    /// The greatest value; 0 for a channel without bits.
    let maximum: Int

    /// - Returns: `nil` for a mask whose bits are not side by side.
    init?(mask: Int) {
        shift = mask == 0 ? 0 : mask.trailingZeroBitCount
        maximum = mask >> shift
        guard maximum & (maximum + 1) == 0 else { return nil }
    }

    /// The value in 0…255, rounded; `empty` for a channel without bits.
    func sample(_ pixel: Int, empty: UInt8) -> UInt8 {
        guard maximum > 0 else { return empty }
        let value = pixel >> shift & maximum
        return UInt8((value * 255 + maximum / 2) / maximum)
    }
}
