// SPDX-License-Identifier: Apache-2.0

/// What an application segment holds, told by its first bytes.
enum JPEGSegmentKind {
    case jfif, adobe, exif, xmp, extendedXMP, icc, multiImage, photoshop, comment
    /// Another application's data.
    case otherApplication
    /// Frame, scan and tables.
    case image
}
