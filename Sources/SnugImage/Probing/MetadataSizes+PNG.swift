// SPDX-License-Identifier: Apache-2.0

extension MetadataSizes {
    /// Counts a PNG chunk.
    mutating func add(_ chunk: PNGChunk, kind: PNGChunkKind) {
        switch kind {
        case .image: break
        case .icc: icc += chunk.range.count
        case .exif: exif += chunk.range.count
        case .xmp: xmp += chunk.range.count
        case .iptc: iptc += chunk.range.count
        case .text: comments += chunk.range.count
        case .other: other += chunk.range.count
        }
    }
}
