// SPDX-License-Identifier: Apache-2.0

/// The canvas that the frames of an animation are drawn on one after another: RGBA, transparent at first.
final class FrameCanvas {
    /// The pixels as they are now.
    private(set) var plane: Plane

    init(width: Int, height: Int) {
        plane = Plane(width: width, height: height, channels: 4)
        clear(left: 0, top: 0, width: width, height: height)
    }

    /// Draws a frame, of which parts may lie outside of the canvas.
    /// - Parameters:
    ///   - frame: RGBA.
    ///   - isBlended: The frame is laid over the canvas; else it replaces what is there.
    func draw(_ frame: Plane, left: Int, top: Int, isBlended: Bool) {
        let plane = plane
        let columns = max(0, -left)..<max(max(0, -left), min(frame.width, plane.width - left))
        for y in max(0, -top)..<max(max(0, -top), min(frame.height, plane.height - top)) {
            let source = frame.row(y)
            var target = plane.mutableRow(top + y)
            for x in columns {
                let (from, to) = (x * 4, (left + x) * 4)
                if isBlended && source[from + 3] < 255 {
                    if source[from + 3] > 0 { Self.blend(source, from, &target, to) }
                } else {
                    for channel in 0..<4 { target[to + channel] = source[from + channel] }
                }
            }
        }
    }

    /// Straight alpha over straight alpha.
    private static func blend(_ source: Span<UInt8>, _ from: Int, _ target: inout MutableSpan<UInt8>, _ to: Int) {
        let front = Int(source[from + 3]) * 255
        let back = Int(target[to + 3]) * (255 - Int(source[from + 3]))
        let sum = front + back
        for channel in 0..<3 {
            let mixed = Int(source[from + channel]) * front + Int(target[to + channel]) * back
            target[to + channel] = UInt8((mixed + sum / 2) / sum)
        }
        target[to + 3] = UInt8((sum + 127) / 255)
    }

    /// Makes a rectangle transparent, as far as it is on the canvas.
    func clear(left: Int, top: Int, width: Int, height: Int) {
        let plane = plane
        let columns = max(0, left)..<max(max(0, left), min(left + width, plane.width))
        for y in max(0, top)..<max(max(0, top), min(top + height, plane.height)) {
            var row = plane.mutableRow(y)
            for index in columns.lowerBound * 4..<columns.upperBound * 4 { row[index] = 0 }
        }
    }

    /// A copy of the pixels, to go back to.
    func snapshot() -> Plane {
        let plane = plane
        let copy = Plane(width: plane.width, height: plane.height, channels: 4)
        for y in 0..<plane.height {
            var row = copy.mutableRow(y)
            row.copy(from: plane.row(y))
        }
        return copy
    }

    /// Goes back to a copy.
    func restore(_ snapshot: Plane) { plane = snapshot }
}
