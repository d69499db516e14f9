// SPDX-License-Identifier: Apache-2.0

/// Size and animation of formats that are recognised but not decoded, where the first bytes have them.
///
/// Missing figures stay 0: they are used in messages only.
enum RecognisedFormatProbe {
    static func header(
        of source: ImageSource, format: ImageFormat, start: ByteView
    ) throws(ImageError) -> ImageHeader {
        var header = ImageHeader(format: format, width: 0, height: 0)
        header.frameCount = nil
        header.isPartial = true
        switch format {
        case .tiff: try tiff(start, source, &header)
        case .heif, .avif: try isoMedia(start, source, &header)
        case .jpegXL: jpegXL(start, &header)
        case .svg, .pdf, .jpeg, .png, .webp, .gif, .bmp, .ico: break
        }
        return header
    }

    private static func tiff(
        _ start: ByteView, _ source: ImageSource, _ header: inout ImageHeader
    ) throws(ImageError) {
        guard let block = TIFFBlock(start.bytes) else { return }
        let count = 2 + 12 * TIFFBlock.maximumEntries
        let directory = ByteView(
            try source.bytes(at: block.firstDirectory, count: count), order: block.view.order)
        for entry in TIFFBlock.entries(in: directory, at: 0) {
            guard let number = TIFFBlock.number(entry, in: directory) else { continue }
            switch entry.tag {
            case 256: header.width = number
            case 257: header.height = number
            case 274: header.orientation = Orientation(rawValue: number) ?? .upright
            default: break
            }
        }
    }

    /// The largest `ispe` property (ISO/IEC 23008-12 §6.5.3): tiles and thumbnails have smaller ones.
    private static func isoMedia(
        _ start: ByteView, _ source: ImageSource, _ header: inout ImageHeader
    ) throws(ImageError) {
        header.isAnimated = ["avis", "hevc", "hevx", "msf1"].contains { start.has($0, at: 8) }
        if !header.isAnimated { header.frameCount = 1 }
        let bytes = ByteView(try source.bytes(at: 0, count: 65_536))
        var index = 0
        while let found = bytes.bytes[index...].firstIndex(of: UInt8(ascii: "i")) {
            if bytes.has("ispe", at: found), let width = bytes.u32(at: found + 8),
                let height = bytes.u32(at: found + 12),
                width.multipliedReportingOverflow(by: height).partialValue > header.pixelCount
            {
                header.width = width
                header.height = height
            }
            index = found + 1
        }
    }

    /// The size header of a codestream (ISO/IEC 18181-1 §B.2), bare or in the first box of a container.
    private static func jpegXL(_ start: ByteView, _ header: inout ImageHeader) {
        var offset = 0
        if start.u16(at: 0) != 0xFF0A {
            while let length = start.u32(at: offset), length >= 8, offset < start.count {
                if start.has("jxlc", at: offset + 4) || start.has("jxlp", at: offset + 4) { break }
                offset += length
            }
            offset += start.has("jxlp", at: offset + 4) ? 12 : 8
        }
        guard start.u16(at: offset) == 0xFF0A else { return }
        var bits = LowestBitReader(bytes: start, bit: 8 * (offset + 2))
        let isSmall = bits.read(1) == 1
        func side() -> Int {
            if isSmall { return 8 * (1 + bits.read(5)) }
            return 1 + bits.read([9, 13, 18, 30][bits.read(2)])
        }
        let height = side()
        let ratio = bits.read(3)
        let ratios = [(1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)]
        header.height = height
        header.width = ratio == 0 ? side() : height * ratios[ratio].0 / ratios[ratio].1
    }
}
