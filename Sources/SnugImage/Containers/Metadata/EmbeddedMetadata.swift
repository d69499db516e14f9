// SPDX-License-Identifier: Apache-2.0

/// The metadata of a source that an output may carry along, as bare payloads.
struct EmbeddedMetadata: Sendable, Hashable {
    /// A TIFF block, without the `Exif\0\0` that precedes it in a JPEG.
    var exif: [UInt8]?
    /// An XMP packet; the extended part that some JPEG files have is not in it.
    var xmp: [UInt8]?

    /// For an image whose pixels were turned upright: the orientation says so, and the thumbnail is gone.
    ///
    /// EXIF that cannot be read is left out, as nobody could say what it does to the image.
    func upright() -> EmbeddedMetadata {
        EmbeddedMetadata(
            exif: exif.flatMap(EXIFBlock.init)?.uprightWithoutThumbnail(), xmp: xmp.map { XMPPacket($0).upright() })
    }
}
