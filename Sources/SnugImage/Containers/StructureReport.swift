// SPDX-License-Identifier: Apache-2.0

/// What a walk through a whole file found; that there is a report says that the structure is sound.
struct StructureReport: Sendable, Hashable {
    /// What follows the image's end marker.
    enum Trailer: Sendable, Hashable {
        case none
        /// Another image: a preview, a gain map, the other eye.
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
