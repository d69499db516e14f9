// SPDX-License-Identifier: Apache-2.0

/// Draws one frame of a file on what the frames before it left on the canvas.
protocol FrameRenderer {
    /// A frame that is located and not decoded.
    associatedtype Frame

    /// The first frames of a file, `count` of them; fewer where there are no more.
    /// - Throws: `corrupt_input`, `truncated_input`, `limit_exceeded`, `io_failed`, `input_changed`.
    static func frames(of reader: ImageReader, count: Int) throws(ImageError) -> [Frame]

    /// - Parameter frames: Those up to the one that is wanted, at least one.
    init(_ frames: [Frame], of reader: ImageReader)

    /// The pixels of the canvas: RGBA, in which an opaque image has no pixel where a damaged file has none; or RGB.
    mutating func render() throws -> Plane

    /// The findings so far.
    var report: DecodeReport { get }
}
