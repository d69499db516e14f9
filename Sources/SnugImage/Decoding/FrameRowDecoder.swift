// SPDX-License-Identifier: Apache-2.0

/// The rows of one frame of a GIF or a WebP.
///
/// A canvas is complete only when its last frame is drawn, so all is decoded when the first row is asked for.
final class FrameRowDecoder<Renderer: FrameRenderer>: RowDecoder {
    let width: Int
    let height: Int
    let layout: SampleLayout
    let iccProfile: [UInt8]?

    private var renderer: Renderer
    private var pixels: Plane?
    private var nextRow = 0

    /// - Throws: `invalid_argument` for a frame that is not there, and what ``FrameRenderer/frames(of:count:)`` throws.
    init(_ reader: ImageReader) throws {
        let page = try FramePage.index(of: reader)
        let frames = try Renderer.frames(of: reader, count: page + 1)
        guard frames.count > page else { throw FramePage.missing(page, of: frames.count) }
        renderer = Renderer(frames, of: reader)
        width = reader.header.width
        height = reader.header.height
        layout = SampleLayout(.rgb, hasAlpha: reader.header.hasAlpha)
        iccProfile = try ImageProbe.iccProfile(
            of: reader.source, header: reader.header, limits: reader.policy.decodingLimits)
    }

    func readRow(into row: inout MutableSpan<UInt8>) throws {
        let plane = try pixels ?? renderer.render()
        pixels = plane
        let source = plane.row(nextRow)
        nextRow += 1
        if plane.channels == layout.channels { return row.copy(from: source) }
        for x in 0..<width {
            // Mid-gray where a damaged file has nothing.
            let isThere = source[x * 4 + 3] > 0
            for channel in 0..<3 { row[x * 3 + channel] = isThere ? source[x * 4 + channel] : 128 }
        }
    }

    var report: DecodeReport {
        var report = renderer.report
        report.totalRows = height
        return report
    }
}
