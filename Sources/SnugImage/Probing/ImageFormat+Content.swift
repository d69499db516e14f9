// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension ImageFormat {
    /// The image format of a content signature; `nil` for other content.
    init?(_ signature: ContentSignature) {
        switch signature {
        case .jpeg: self = .jpeg
        case .png: self = .png
        case .gif: self = .gif
        case .webp: self = .webp
        case .tiff: self = .tiff
        case .bmp: self = .bmp
        case .ico: self = .ico
        case .heif: self = .heif
        case .avif: self = .avif
        case .jpegXL: self = .jpegXL
        case .svg: self = .svg
        case .pdf: self = .pdf
        default: return nil
        }
    }

    /// Recognises the format by the first bytes of a source.
    /// - Throws: `empty_input`, `not_an_image` with `content`, `truncated_input` and `corrupt_input` for a broken PNG
    ///   signature.
    static func recognise(_ start: ByteView) throws(ImageError) -> ImageFormat {
        let signature = ContentSignature(start.bytes)
        if let format = ImageFormat(signature) { return format }
        if signature == .empty {
            throw ImageError(.emptyInput, "is empty (0 bytes): the upload or copy that made it may have failed")
        }
        if start.bytes.starts(with: PNGChunkReader.signature.prefix(4)) {
            throw start.count < PNGChunkReader.signature.count
                ? InputFault.truncated("PNG signature is cut off", at: start.count)
                : InputFault.corrupt("PNG signature was changed by a transfer in text mode", at: 4)
        }
        throw ImageError(
            .notAnImage, "is \(signature.description), not an image; give a JPEG or PNG file",
            details: ["content": .text(signature.description)])
    }
}
