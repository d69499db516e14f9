// SPDX-License-Identifier: Apache-2.0

/// Reads the header of a JPEG XL file: size and image metadata of the codestream (ISO/IEC 18181-1 §B.2, §D.2), bare or in
/// boxes (ISO/IEC 18181-2).
struct JPEGXLHeaderProbe {
    /// More than any header has.
    private static let headerBytes = 4096
    private static let maximumBoxes = 1000

    static func header(of source: ImageSource, limits: DecodingLimits) throws(ImageError) -> ImageHeader {
        var probe = JPEGXLHeaderProbe(bits: LowestBitReader(bytes: try codestream(of: source), bit: 16))
        let header = probe.read()
        guard header.width > 0, header.height > 0 else {
            throw InputFault.truncated("JPEG XL ends inside its header", at: source.byteCount)
        }
        try InputFault.checkSize(width: header.width, height: header.height, limits: limits)
        return header
    }

    /// The first bytes of the codestream.
    private static func codestream(of source: ImageSource) throws(ImageError) -> ByteView {
        let start = ByteView(try source.bytes(at: 0, count: headerBytes))
        if start.u16(at: 0) == 0xFF0A { return start }
        var position = 0
        for _ in 0..<maximumBoxes where position < source.byteCount {
            let head = ByteView(try source.bytes(at: position, count: 16))
            guard let extent = ISOBox.extent(at: 0, in: head, end: source.byteCount - position) else { break }
            let isPart = head.has("jxlp", at: 4)
            if isPart || head.has("jxlc", at: 4) {
                // A part begins with its number.
                let content = position + extent.header + (isPart ? 4 : 0)
                let bytes = ByteView(try source.bytes(at: content, count: headerBytes))
                guard bytes.u16(at: 0) == 0xFF0A else { break }
                return bytes
            }
            position += extent.end
        }
        throw position >= source.byteCount
            ? InputFault.truncated("JPEG XL ends before its image", at: source.byteCount)
            : InputFault.corrupt("JPEG XL has no codestream where one belongs", at: position)
    }

    private var bits: LowestBitReader

    private mutating func read() -> ImageHeader {
        let size = readSize()
        var header = ImageHeader(format: .jpegXL, width: size.width, height: size.height)
        // All by default: three colours of 8 bits, no alpha.
        if bits.read(1) == 1 { return header }
        if bits.read(1) == 1 {
            header.orientation = Orientation(rawValue: 1 + bits.read(3)) ?? .upright
            if bits.read(1) == 1 { _ = readSize() }
            if bits.read(1) == 1 { return unknown(header) }
            if bits.read(1) == 1 {
                header.isAnimated = true
                header.frameCount = nil
                skipAnimation()
            }
        }
        header.bitsPerSample = readDepth()
        _ = bits.read(1)
        let extra = bits.number((0, 0), (0, 1), (4, 2), (12, 1))
        if extra > 0 {
            header.colourModel = .rgba
            // An extra channel in its default form is alpha of 8 bits; others are left to the decoder.
            if extra > 1 || bits.read(1) == 0 { return header }
        }
        _ = bits.read(1)
        if bits.read(1) == 1 { return header }
        // Whether a profile follows; the colour space comes in either case.
        _ = bits.read(1)
        if bits.number((0, 0), (0, 1), (4, 2), (6, 18)) == 1 { header.colourModel = extra > 0 ? .grayAlpha : .gray }
        return header
    }

    /// The most that there may be, for headers that are not read to their end.
    private func unknown(_ header: ImageHeader) -> ImageHeader {
        var header = header
        header.bitsPerSample = 16
        header.colourModel = .rgba
        return header
    }

    private mutating func readSize() -> (width: Int, height: Int) {
        let isSmall = bits.read(1) == 1
        let height = readSide(isSmall)
        let ratio = bits.read(3)
        let ratios = [(1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)]
        return (ratio == 0 ? readSide(isSmall) : height * ratios[ratio].0 / ratios[ratio].1, height)
    }

    private mutating func readSide(_ isSmall: Bool) -> Int {
        isSmall ? 8 * (1 + bits.read(5)) : 1 + bits.read([9, 13, 18, 30][bits.read(2)])
    }

    private mutating func skipAnimation() {
        _ = bits.number((0, 100), (0, 1000), (10, 1), (30, 1))
        _ = bits.number((0, 1), (0, 1001), (8, 1), (10, 1))
        _ = bits.number((0, 0), (3, 0), (16, 0), (32, 0))
        _ = bits.read(1)
    }

    private mutating func readDepth() -> Int {
        guard bits.read(1) == 1 else { return bits.number((0, 8), (0, 10), (0, 12), (6, 1)) }
        let depth = bits.number((0, 32), (0, 16), (0, 24), (6, 1))
        _ = bits.read(4)
        return depth
    }
}
