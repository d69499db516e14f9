// SPDX-License-Identifier: Apache-2.0

/// Bits from the lowest of each byte up; zeros past the end.
struct LowestBitReader {
    let bytes: ByteView
    var bit: Int

    mutating func read(_ count: Int) -> Int {
        var value = 0
        for index in 0..<count {
            value |= ((bytes.u8(at: bit >> 3) ?? 0) >> (bit & 7) & 1) << index
            bit += 1
        }
        return value
    }

    /// A number in one of four forms, which two bits choose: so many bits, plus an offset (ISO/IEC 18181-1 §B.2.2).
    mutating func number(
        _ first: (bits: Int, offset: Int), _ second: (bits: Int, offset: Int), _ third: (bits: Int, offset: Int),
        _ fourth: (bits: Int, offset: Int)
    ) -> Int {
        let form = [first, second, third, fourth][read(2)]
        return read(form.bits) + form.offset
    }
}
