// SPDX-License-Identifier: Apache-2.0

/// Turns and mirrors of an image, one after the other.
struct PlaneTurn {
    /// Right and down as they come out, in terms of the stored image's right and down.
    private var right = (x: 1, y: 0)
    private var down = (x: 0, y: 1)

    /// By quarters of a circle.
    mutating func rotateCounterclockwise(_ quarters: Int) {
        // After a quarter counter-clockwise, what ran down runs to the right, and what ran to the left runs down.
        for _ in 0..<(quarters & 3) { (right, down) = (down, (-right.x, -right.y)) }
    }

    mutating func mirror(leftToRight: Bool) {
        if leftToRight { right = (-right.x, -right.y) } else { down = (-down.x, -down.y) }
    }

    /// The turn as one step.
    var orientation: Orientation {
        switch (right.x, right.y, down.x, down.y) {
        case (-1, 0, 0, 1): .mirrored
        case (-1, 0, 0, -1): .rotated180
        case (1, 0, 0, -1): .flipped
        case (0, 1, 1, 0): .transposed
        case (0, -1, 1, 0): .rotated90
        case (0, -1, -1, 0): .transversed
        case (0, 1, -1, 0): .rotated270
        default: .upright
        }
    }
}
