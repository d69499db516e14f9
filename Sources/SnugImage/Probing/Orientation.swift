// SPDX-License-Identifier: Apache-2.0

/// EXIF orientation (EXIF 2.32, tag 0x0112): which turn makes the stored image upright.
public enum Orientation: Int, Sendable, Hashable, CaseIterable {
    case upright = 1
    /// Mirror left to right.
    case mirrored
    /// Turn by 180°.
    case rotated180
    /// Mirror top to bottom.
    case flipped
    /// Swap rows and columns.
    case transposed
    /// Turn by 90° clockwise.
    case rotated90
    /// Swap rows and columns along the other diagonal.
    case transversed
    /// Turn by 90° counter-clockwise.
    case rotated270

    /// True when rows become columns.
    public var swapsAxes: Bool { rawValue >= 5 }
}
