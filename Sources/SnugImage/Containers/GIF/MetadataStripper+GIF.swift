// SPDX-License-Identifier: Apache-2.0

extension MetadataStripper {
    /// The parts of a GIF that stay: header, frames with their control blocks, the number of repetitions, the profile.
    static func gif(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> (pieces: [Piece], end: Int, scanCount: Int) {
        var walk = try GIFWalk(source, limits: limits)
        var pieces: [Piece] = [.source(0..<walk.position)]
        let keepsProfile = declaresProfile(header)
        var frameCount = 0
        while let block = try walk.next() {
            switch block {
            case .frame(let frame):
                frameCount += 1
                append(.source(frame.range), to: &pieces)
            case .control(let range), .loop(let range): append(.source(range), to: &pieces)
            case .comment(let range) where metadata.keeps(.comment): append(.source(range), to: &pieces)
            // The packet is followed by bytes that make it readable as sub-blocks: it stays whole or goes.
            case .xmp(let range) where metadata.keeps(.xmp) && metadata.keeps(.gps):
                append(.source(range), to: &pieces)
            case .profile(let range) where keepsProfile: append(.source(range), to: &pieces)
            case .trailer: append(.source(walk.position - 1..<walk.position), to: &pieces)
            default: break
            }
        }
        return (pieces, walk.position, frameCount)
    }
}
