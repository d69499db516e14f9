// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport

@testable import SnugImage

/// Dark strokes of one or two pixels on light paper: what written pages have.
enum DrawnStrokes {
    static func plane(width: Int, height: Int) -> Plane {
        var random = SeededGenerator(seed: 3)
        let plane = Plane(width: width, height: height, channels: 3)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for index in row.indices { row[index] = 250 }
        }
        for top in stride(from: 6, to: height - 14, by: 16) {
            var left = 6
            while left < width - 12 {
                // Upright, level and slanting strokes.
                let kind = Int.random(in: 0..<4, using: &random)
                for step in 0..<10 {
                    let (x, y) = [(0, step), (step, 0), (step, step), (step / 2, 9 - step)][kind]
                    for x in left + x..<left + x + 2 {
                        var row = plane.mutableRow(top + y)
                        for channel in 0..<3 { row[x * 3 + channel] = 30 }
                    }
                }
                left += Int.random(in: 5...12, using: &random)
            }
        }
        return plane
    }
}
