// SPDX-License-Identifier: Apache-2.0

extension MetadataStripper {
    /// The parts of a PNG that stay.
    static func png(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> (pieces: [Piece], end: Int, scanCount: Int) {
        var walk = PNGWalk(source, limits: limits)
        let keepsProfile = declaresProfile(header)
        var pieces: [Piece] = [.source(0..<8)]
        var reduced = try reducedEXIF(source, header, metadata, limits)
        while let chunk = try walk.next() {
            if chunk.type == "IDAT", let block = reduced.take() {
                pieces.append(.made(PNGChunk.bytes(type: "eXIf", data: block)))
            }
            let keepsAll: Bool
            switch try walk.kind(of: chunk) {
            case .image: keepsAll = true
            case .icc: keepsAll = chunk.type == "iCCP" && keepsProfile
            case .iptc:
                keepsAll = metadata == .keep
                if !keepsAll, metadata.keeps(.iptc), let kept = try records(chunk, source, limits) {
                    pieces.append(kept)
                }
            case .text:
                let namesRights = try metadata.keeps(.copyright) ? namesRights(chunk, source) : false
                let word = try keyword(chunk, source).lowercased()
                let namesPosition = word.contains("gps") && !metadata.keeps(.gps)
                keepsAll = metadata.keeps(.comment) && !namesPosition || namesRights
            case .exif, .xmp:
                keepsAll = false
                if let kept = try described(chunk, source, metadata, limits) { append(kept, to: &pieces) }
            case .other: keepsAll = false
            }
            if keepsAll { append(.source(chunk.range), to: &pieces) }
        }
        return (pieces, walk.position, walk.dataChunkCount)
    }

    /// IPTC records alone: the other resources of a profile hold thumbnails, and EXIF and XMP once more.
    private static func records(
        _ chunk: PNGChunk, _ source: ImageSource, _ limits: DecodingLimits
    ) throws(ImageError) -> Piece? {
        guard chunk.data.count <= limits.maximumMetadataBytes else { return nil }
        let data = try source.bytes(at: chunk.data.lowerBound, count: chunk.data.count)
        guard let profile = PNGTextProfile.bytes(type: chunk.type, data: data),
            let resources = PhotoshopResources.resources(ofProfile: profile)
        else { return nil }
        let kept = PNGTextProfile.chunk("iptc", resources)
        return kept == data ? .source(chunk.range) : .made(PNGChunk.bytes(type: "tEXt", data: kept))
    }

    private static func namesRights(_ chunk: PNGChunk, _ source: ImageSource) throws(ImageError) -> Bool {
        ["Copyright", "Author"].contains(try keyword(chunk, source))
    }

    /// The keyword that the text of a chunk begins with.
    private static func keyword(_ chunk: PNGChunk, _ source: ImageSource) throws(ImageError) -> String {
        let start = ByteView(try source.bytes(at: chunk.data.lowerBound, count: min(80, chunk.data.count)))
        return start.latin1(at: 0, limit: 79)
    }

    /// The part of a chunk with EXIF or XMP that is kept.
    private static func described(
        _ chunk: PNGChunk, _ source: ImageSource, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> Piece? {
        if metadata == .strip || chunk.data.count > limits.maximumMetadataBytes { return nil }
        let isWhole = metadata.keeps(.gps) && metadata.keeps(.copyright)
        if chunk.type == "eXIf" {
            if !metadata.keeps(.exif) { return nil }
            let whole = EmbeddedMetadata(exif: try source.bytes(at: chunk.data.lowerBound, count: chunk.data.count))
            let kept = whole.selected(metadata)
            if kept == whole { return .source(chunk.range) }
            return kept.exif.map { .made(PNGChunk.bytes(type: "eXIf", data: $0)) }
        }
        // Text may be compressed, or digits: it stays as it is or not at all.
        let isXMP = try keyword(chunk, source).lowercased().hasSuffix("xmp")
        let isKept = isXMP ? metadata.keeps(.xmp) && metadata.keeps(.gps) : metadata.keeps(.exif) && isWhole
        return isKept ? .source(chunk.range) : nil
    }
}
