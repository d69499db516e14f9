// SPDX-License-Identifier: Apache-2.0

/// The coding of a BMP's pixels that Snug reads, by the numbers of its header.
enum BMPCompression: Int, Sendable, Hashable {
    case none = 0
    case runs8 = 1
    case runs4 = 2
    case masks = 3
    case masksWithAlpha = 6

    /// True when rows have no fixed length.
    var isRunLength: Bool { self == .runs8 || self == .runs4 }
}
