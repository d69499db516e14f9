// SPDX-License-Identifier: Apache-2.0

extension Sequence<UInt8> {
    /// The bytes as two lower-case digits each.
    package var hexadecimal: String {
        reduce(into: "") { text, byte in
            text += String(byte >> 4, radix: 16)
            text += String(byte & 15, radix: 16)
        }
    }
}
