// SPDX-License-Identifier: Apache-2.0

extension MetadataStripper {
    /// The parts of a WebP that stay: the image or the frames, the profile, and the orientation; unknown chunks go.
    static func webP(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> (pieces: [Piece], end: Int, scanCount: Int) {
        var walk = try WebPWalk(source, limits: limits)
        var pieces: [Piece] = []
        var flags = 0
        let keepsProfile = declaresProfile(header)
        while let chunk = try walk.next() {
            switch chunk.type {
            case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF": append(chunk, of: source, to: &pieces)
            case "ICCP" where keepsProfile:
                flags |= WebPContainer.profileFlag
                append(chunk, of: source, to: &pieces)
            case "EXIF", "XMP ":
                guard let kept = try described(chunk, source, metadata, limits) else { continue }
                flags |= chunk.type == "EXIF" ? WebPContainer.exifFlag : WebPContainer.xmpFlag
                append(kept, to: &pieces)
            default: break
            }
        }
        if let block = try reducedEXIF(source, header, metadata, limits) {
            flags |= WebPContainer.exifFlag
            pieces.append(.made(WebPChunk.bytes(type: "EXIF", data: block)))
        }
        if let canvas = walk.canvas {
            flags |= (canvas.hasAlpha ? WebPContainer.alphaFlag : 0)
            flags |= (canvas.isAnimated ? WebPContainer.animationFlag : 0)
            let made = WebPContainer.canvas(flags: flags, width: canvas.width, height: canvas.height)
            pieces.insert(.made(made), at: 0)
        }
        let byteCount = pieces.reduce(0) { $0 + $1.byteCount }
        let end = min(walk.end, source.byteCount)
        return ([.made(WebPContainer.header(byteCount: byteCount))] + pieces, end, walk.frames.count)
    }

    /// A chunk with the byte that pads it, which a file may lack at its end.
    private static func append(_ chunk: WebPChunk, of source: ImageSource, to pieces: inout [Piece]) {
        let range = chunk.range.clamped(to: 0..<source.byteCount)
        append(.source(range), to: &pieces)
        if range != chunk.range { pieces.append(.made([0])) }
    }

    /// The part of a chunk with EXIF or XMP that is kept.
    private static func described(
        _ chunk: WebPChunk, _ source: ImageSource, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> Piece? {
        let isEXIF = chunk.type == "EXIF"
        guard metadata.keeps(isEXIF ? .exif : .xmp), chunk.data.count <= limits.maximumMetadataBytes else { return nil }
        let data = try source.bytes(at: chunk.data.lowerBound, count: chunk.data.count)
        let whole = isEXIF ? EmbeddedMetadata(exif: EXIFBlock.bare(data)) : EmbeddedMetadata(xmp: data)
        let kept = whole.selected(metadata)
        if kept == whole { return .made(WebPChunk.bytes(type: chunk.type, data: data)) }
        return (isEXIF ? kept.exif : kept.xmp).map { .made(WebPChunk.bytes(type: chunk.type, data: $0)) }
    }
}
