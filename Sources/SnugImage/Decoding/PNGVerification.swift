// SPDX-License-Identifier: Apache-2.0

/// What a look at every byte of a PNG found.
struct PNGVerification: Sendable, Hashable {
    /// Bytes up to and with IEND.
    var byteCount: Int
    /// Bytes that follow IEND: no part of the PNG.
    var trailingByteCount: Int
    /// Whether the file has an IEND chunk.
    var hasEnd: Bool
    /// What libpng or the chunks' CRCs complain of.
    var warnings: [String]

    /// Whether the file can be passed on as it is.
    var isSound: Bool { hasEnd && trailingByteCount == 0 && warnings.isEmpty }
}
