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

    /// The content of an iTXt chunk with an XMP packet.
    static func textChunk(xmp: [UInt8]) -> [UInt8] {
        // Keyword, NUL, uncompressed, method, empty language and empty translation (PNG 1.2 §11.3.4.5).
        Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + xmp
    }
}
