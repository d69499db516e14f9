// SPDX-License-Identifier: Apache-2.0

/// The result of reading every byte of a PNG.
struct PNGVerification: Sendable, Hashable {
    /// Bytes up to and with IEND.
    var byteCount: Int
    /// Bytes that follow IEND: no part of the PNG.
    var trailingByteCount: Int
    /// True when the file has an IEND chunk.
    var hasEnd: Bool
    /// The complaints of libpng, and wrong CRCs.
    var warnings: [String]

    /// True when the file can be passed on unchanged.
    var isSound: Bool { hasEnd && trailingByteCount == 0 && warnings.isEmpty }
}
