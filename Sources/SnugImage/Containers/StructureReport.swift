// SPDX-License-Identifier: Apache-2.0

/// The result of a walk through a whole file of sound structure.
struct StructureReport: Sendable, Hashable {
    /// The content after the image's end marker.
    enum Trailer: Sendable, Hashable {
        case none
        /// Another image of a JPEG: a preview, a gain map, the other eye.
        case image
        /// A video, a maker's data, or something smuggled in.
        case other
    }

    /// The offset just past the image: its EOI marker or IEND chunk.
    var imageEnd: Int
    /// Bytes after it.
    var trailingByteCount: Int
    var trailer: Trailer
    /// Scans of a JPEG, IDAT chunks of a PNG.
    var scanCount: Int
}
