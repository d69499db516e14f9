// SPDX-License-Identifier: Apache-2.0

/// The content of a segment, recognised by its marker and first bytes.
enum JPEGSegmentKind {
    case jfif, adobe, exif, xmp, extendedXMP, icc, multiImage, photoshop, comment
    /// Another application's data.
    case otherApplication
    /// Frame, scan and tables.
    case image
}
