// SPDX-License-Identifier: Apache-2.0

/// The result of reading every byte of a PNG.
struct PNGVerification: Sendable, Hashable {
    /// True when the file has an IEND chunk.
    var hasEnd: Bool
    /// The complaints of libpng, and wrong CRCs.
    var warnings: [String]
}
