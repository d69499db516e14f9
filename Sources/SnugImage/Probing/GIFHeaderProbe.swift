// SPDX-License-Identifier: Apache-2.0

/// Reads the header of a GIF: size, frames, transparency and metadata.
///
/// Nothing at the start of a GIF tells the number of its frames, so all of its blocks are walked.
struct GIFHeaderProbe {
    private let source: ImageSource
    private let limits: DecodingLimits
    private var header = ImageHeader(format: .gif, width: 0, height: 0)
    private var frameCount = 0
    private var first: GIFFrame?
    private var clearsCanvas = false

    init(_ source: ImageSource, limits: DecodingLimits) {
        self.source = source
        self.limits = limits
    }

    /// - Throws: `corrupt_input`, `truncated_input`, `limit_exceeded`, `io_failed`, `input_changed`.
    mutating func read() throws(ImageError) -> ImageHeader {
        var walk = try GIFWalk(source, limits: limits, acceptsTruncation: true)
        do {
            while let block = try walk.next() { try note(block, in: &walk) }
        } catch {
            // What follows a frame may be damaged: who reads the frame is to judge that.
            guard first != nil, error.code == .truncatedInput || error.code == .corruptInput else { throw error }
            if frameCount > 1 { header.warnings.append("is damaged behind its frame \(frameCount): \(error.message)") }
        }
        guard let first else { throw InputFault.corrupt("GIF has no frame", at: walk.position) }
        let size = Self.canvas(screen: walk.screen, first: first)
        (header.width, header.height) = size
        try InputFault.checkSize(width: size.width, height: size.height, limits: limits)
        header.colourModel = .palette
        header.frameCount = frameCount
        header.isAnimated = frameCount > 1
        header.isInterlaced = first.isInterlaced
        header.hasTransparency = clearsCanvas || !first.covers(width: size.width, height: size.height)
        return header
    }

    /// The screen, or the first frame where that does not fit into it: many files have a screen of no size.
    static func canvas(screen: (width: Int, height: Int), first: GIFFrame) -> (width: Int, height: Int) {
        (max(screen.width, first.left + first.width), max(screen.height, first.top + first.height))
    }

    private mutating func note(_ block: GIFWalk.Block, in walk: inout GIFWalk) throws(ImageError) {
        switch block {
        case .frame(let frame):
            frameCount += 1
            first = first ?? frame
            clearsCanvas = clearsCanvas || frame.disposal == .clear
        case .comment(let range): header.metadata.comments += range.count
        case .xmp(let range): header.metadata.xmp += range.count
        case .other(let range): header.metadata.other += range.count
        case .profile(let range):
            header.metadata.icc += range.count
            let data = try walk.applicationData(range, limit: limits.maximumProfileBytes + 1)
            if data.count > limits.maximumProfileBytes {
                header.warnings.append("the ICC profile is over the limit and is ignored")
            } else if let defect = ICCProfile(data).defect(for: .rgb) {
                header.warnings.append("the ICC profile is ignored: it \(defect)")
            } else {
                header.colourSpace = .icc(byteCount: data.count)
                header.iccProfileName = ICCProfile(data).name
            }
        case .control, .loop, .trailer: break
        }
    }
}
