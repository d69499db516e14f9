// SPDX-License-Identifier: Apache-2.0

/// The content after the image, as announced by the header.
public enum AnnouncedTrailer: Sendable, Hashable {
    case none
    /// Further images of a multi-image file (MPF): previews, gain maps, the other eye.
    case multiImage(count: Int)
    /// A video of so many bytes (motion photo), by XMP.
    case motionPhoto(byteCount: Int)
}
