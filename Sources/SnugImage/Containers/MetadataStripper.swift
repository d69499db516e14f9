// SPDX-License-Identifier: Apache-2.0

/// Removes metadata from a file without changing its pixels.
///
/// Metadata that affects the image's look stays: the profile, Adobe's and JFIF's headers, PNG colour, transparency
/// and animation chunks, and the orientation, in the smallest possible EXIF block. Data appended to the
/// image is always removed. The file is walked to its end, so only a sound file is stripped.
struct MetadataStripper: Sendable {
    /// A part of the stripped file.
    enum Piece: Sendable {
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
    /// The structure of the file as it is.
    let structure: StructureReport
    /// Bytes of the stripped file.
    let byteCount: Int
    /// True when the file as it is has nothing to be removed.
    let changesNothing: Bool

    /// Finds the parts that stay, and so the size, without producing the bytes.
    /// - Parameter metadata: The kinds that stay.
    /// - Throws: What ``StructureWalk`` throws.
    init(
        _ source: ImageSource, header: ImageHeader, metadata: FitPolicy.Metadata = .strip,
        limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) {
        self.source = source
        let found: (pieces: [Piece], end: Int, scanCount: Int)
        switch header.format {
        case .jpeg: found = try Self.jpeg(source, header, metadata, limits)
        case .png: found = try Self.png(source, header, metadata, limits)
        case .webp: found = try Self.webP(source, header, metadata, limits)
        case .gif: found = try Self.gif(source, header, metadata, limits)
        default: throw ImageError(.unsupportedFormat, "\(header.format) files cannot be stripped")
        }
        pieces = found.pieces
        structure = try StructureWalk.report(
            imageEnd: found.end, scanCount: found.scanCount, mayHaveImages: header.format == .jpeg, of: source)
        byteCount = pieces.reduce(0) { $0 + $1.byteCount }
        let isCopy = try Self.isCopy(pieces, of: source)
        changesNothing = isCopy && byteCount == source.byteCount
    }

    /// True when the pieces are the file itself: a part may change and keep its length.
    private static func isCopy(_ pieces: [Piece], of source: ImageSource) throws(ImageError) -> Bool {
        var offset = 0
        for piece in pieces {
            switch piece {
            case .source(let range):
                if range.lowerBound != offset { return false }
            case .made(let bytes):
                if try source.bytes(at: offset, count: bytes.count) != bytes { return false }
            }
            offset += piece.byteCount
        }
        return true
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

    /// A profile that the header does not vouch for is broken, over the limit, or of another colour model: it goes.
    static func declaresProfile(_ header: ImageHeader) -> Bool {
        if case .icc = header.colourSpace { true } else { false }
    }

    /// The EXIF to write where not all of it is kept: position, rights and orientation, as far as they are.
    static func reducedEXIF(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> [UInt8]? {
        var embedded = EmbeddedMetadata()
        if metadata.keeps(.exif) { return nil }
        if metadata.keeps(.gps) || metadata.keeps(.copyright) {
            embedded = try ImageProbe.embeddedMetadata(of: source, header: header, limits: limits)
        }
        let orientation = EmbeddedMetadata.orientation(of: header, without: metadata)
        return embedded.selected(metadata, orientation: orientation).exif
    }

    /// Neighbours in the source become one piece: a file of 8 KiB chunks has very many.
    static func append(_ piece: Piece, to pieces: inout [Piece]) {
        if case .source(let next) = piece, case .source(let last)? = pieces.last, last.upperBound == next.lowerBound {
            pieces[pieces.count - 1] = .source(last.lowerBound..<next.upperBound)
        } else {
            pieces.append(piece)
        }
    }
}
