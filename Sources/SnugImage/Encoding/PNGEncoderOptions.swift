// SPDX-License-Identifier: Apache-2.0

/// The compression of a PNG, and the metadata in it.
struct PNGEncoderOptions: Sendable, Hashable {
    /// The filter of rows before deflate.
    enum Filter: Sendable, Hashable, CaseIterable {
        /// Best for palettes and low bit depths.
        case none
        case sub, up, paeth
        /// The filter of least absolute differences, row by row: best for photos.
        case adaptive
    }

    /// zlib's level, 0 to 9.
    ///
    /// Default 6.
    var level = 6
    var filter = Filter.adaptive
    /// Written as iCCP.
    var iccProfile: [UInt8]?
    /// Written as eXIf: begins with the TIFF header, without "Exif\0\0".
    var exif: [UInt8]?
    /// Written uncompressed as iTXt under "XML:com.adobe.xmp", where readers look for it.
    var xmp: [UInt8]?
    /// Written as tEXt, or as iTXt where Latin-1 is not enough.
    var texts: [MetadataText] = []
    /// Photoshop's resources with IPTC records, written as text as ImageMagick does.
    var resources: [UInt8]?

    /// The data of the tEXt and iTXt chunks to write.
    var textChunks: [(isInternational: Bool, data: [UInt8])] {
        // Keyword, NUL, uncompressed, method, empty language and empty translation (PNG 1.2 §11.3.4.5).
        let packet = xmp.map { (true, Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + $0) }
        let records = resources.map { (false, PNGTextProfile.chunk("iptc", $0)) }
        let own = texts.filter { !$0.keyword.isEmpty }.map { text in
            text.plainChunk.map { (false, $0) } ?? (true, text.internationalChunk)
        }
        return [packet, records].compactMap(\.self) + own
    }
}
