// SPDX-License-Identifier: Apache-2.0

/// The metadata of a source that an output may carry along, as bare payloads.
struct EmbeddedMetadata: Sendable, Hashable {
    /// A TIFF block, without the `Exif\0\0` that precedes it in a JPEG.
    var exif: [UInt8]?
    /// An XMP packet; the extended part that some JPEG files have is not in it, and goes from JPEG to JPEG as it is.
    var xmp: [UInt8]?
    /// Comments, and text of a PNG.
    var texts: [MetadataText] = []
    /// Photoshop's resources with IPTC records and rights, without a header.
    var resources: [UInt8]?

    /// For an image whose pixels were turned upright: the orientation says so, and the thumbnail is gone.
    ///
    /// EXIF that cannot be read is left out, as nobody could say what it does to the image.
    func upright() -> EmbeddedMetadata {
        var metadata = self
        metadata.exif = exif.flatMap(EXIFBlock.init)?.uprightWithoutThumbnail()
        metadata.xmp = xmp.map { XMPPacket($0).upright() }
        return metadata
    }

    /// For a format without such texts: names of author and owner of the rights are in EXIF, where there is no EXIF yet.
    func namingRightsInEXIF() -> EmbeddedMetadata {
        guard exif == nil else { return self }
        func text(_ keyword: String) -> String? { texts.first { $0.keyword == keyword }?.text }
        var metadata = self
        metadata.exif = EXIFEditor.block(artist: text(MetadataText.author), copyright: text(MetadataText.copyright))
        if metadata.exif != nil { metadata.texts.removeAll(where: \.namesRights) }
        return metadata
    }
}
