// SPDX-License-Identifier: Apache-2.0

/// Removes metadata from a file without changing its pixels.
///
/// Metadata that affects the image's look stays: the profile, Adobe's and JFIF's headers, PNG colour, transparency
/// and animation chunks, and the orientation, in the smallest possible EXIF block. Data appended to the
/// image is always removed. The file is walked to its end, so only a sound file is stripped.
struct MetadataStripper {
    /// A part of the stripped file.
    private enum Piece {
        case source(Range<Int>)
        case made([UInt8])

        var byteCount: Int {
            switch self {
            case .source(let range): range.count
            case .made(let bytes): bytes.count
            }
        }
    }

    private let source: ImageSource
    private let pieces: [Piece]
    /// Bytes of the stripped file.
    let byteCount: Int

    /// Finds the parts that stay, and so the size, without producing the bytes.
    /// - Parameter metadata: `keep` leaves EXIF and XMP where they are too.
    /// - Throws: What ``StructureWalk`` throws.
    init(
        _ source: ImageSource, header: ImageHeader, metadata: FitPolicy.Metadata = .strip,
        limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) {
        self.source = source
        switch header.format {
        case .jpeg: pieces = try Self.jpeg(source, header, metadata, limits)
        case .png: pieces = try Self.png(source, header, metadata, limits)
        default: throw ImageError(.unsupportedFormat, "\(header.format) files cannot be stripped")
        }
        byteCount = pieces.reduce(0) { $0 + $1.byteCount }
    }

    /// The stripped file, `nil` when it would be larger than `byteLimit`.
    /// - Throws: `io_failed`, `input_changed`.
    func bytes(byteLimit: Int) throws(ImageError) -> [UInt8]? {
        guard byteCount <= byteLimit else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        for piece in pieces {
            switch piece {
            case .made(let bytes): result += bytes
            case .source(let range):
                // In steps, so that a large file is not held twice.
                for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 20) {
                    result += try source.bytes(at: start, count: min(1 << 20, range.upperBound - start))
                }
            }
        }
        guard result.count == byteCount else {
            throw ImageError(.inputChanged, "changed while it was read; try again once nothing writes to it")
        }
        return result
    }

    private static func jpeg(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> [Piece] {
        var walk = JPEGWalk(source, limits: limits)
        // JFIF has to come first, and the orientation right after it.
        var jfif: [Piece] = []
        var rest: [Piece] = []
        let keepsProfile = declaresProfile(header)
        while let piece = try walk.next() {
            switch piece {
            case .scanData(let range), .end(let range): append(.source(range), to: &rest)
            case .segment(let segment):
                switch try walk.kind(of: segment) {
                case .image, .adobe: append(.source(segment.range), to: &rest)
                case .jfif:
                    if jfif.isEmpty { jfif = try jfifWithoutThumbnail(segment, source) }
                case .icc where keepsProfile: append(.source(segment.range), to: &rest)
                case .exif where metadata == .keep, .xmp where metadata == .keep, .extendedXMP where metadata == .keep:
                    append(.source(segment.range), to: &rest)
                case .icc, .exif, .xmp, .extendedXMP, .multiImage, .photoshop, .comment, .otherApplication: break
                }
            }
        }
        if metadata == .strip, header.orientation != .upright {
            let block = Array("Exif\0\0".utf8) + EXIFBlock.minimal(header.orientation)
            jfif.append(.made([0xFF, 0xE1, 0, UInt8(truncatingIfNeeded: block.count + 2)] + block))
        }
        return [.source(0..<2)] + jfif + rest
    }

    /// A profile that the header does not vouch for is broken, over the limit, or of another colour model: it goes.
    private static func declaresProfile(_ header: ImageHeader) -> Bool {
        if case .icc = header.colourSpace { true } else { false }
    }

    /// A JFIF header is 16 bytes without the thumbnail that may follow it (JFIF 1.02 p. 5).
    private static func jfifWithoutThumbnail(
        _ segment: JPEGSegment, _ source: ImageSource
    ) throws(ImageError) -> [Piece] {
        if segment.payload.count == 14 { return [.source(segment.range)] }
        let kept = try source.bytes(at: segment.payload.lowerBound, count: 12)
        return [.made([0xFF, 0xE0, 0, 16] + kept + [0, 0])]
    }

    private static func png(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> [Piece] {
        var walk = PNGWalk(source, limits: limits)
        let keepsProfile = declaresProfile(header)
        var pieces: [Piece] = [.source(0..<8)]
        var owesOrientation = metadata == .strip && header.orientation != .upright
        while let chunk = try walk.next() {
            if chunk.type == "IDAT", owesOrientation {
                owesOrientation = false
                pieces.append(.made(PNGChunk.bytes(type: "eXIf", data: EXIFBlock.minimal(header.orientation))))
            }
            switch try walk.kind(of: chunk) {
            case .image: append(.source(chunk.range), to: &pieces)
            case .icc where chunk.type == "iCCP" && keepsProfile: append(.source(chunk.range), to: &pieces)
            case .exif where metadata == .keep, .xmp where metadata == .keep: append(.source(chunk.range), to: &pieces)
            case .icc, .exif, .xmp, .iptc, .text, .other: break
            }
        }
        return pieces
    }

    /// Neighbours in the source become one piece: a file of 8 KiB chunks has very many.
    private static func append(_ piece: Piece, to pieces: inout [Piece]) {
        if case .source(let next) = piece, case .source(let last)? = pieces.last, last.upperBound == next.lowerBound {
            pieces[pieces.count - 1] = .source(last.lowerBound..<next.upperBound)
        } else {
            pieces.append(piece)
        }
    }
}
