// SPDX-License-Identifier: Apache-2.0

/// An opaque sRGB colour.
public struct RGBColour: Sendable, Hashable, Codable {
    public var red, green, blue: UInt8

    /// Creates a colour from 8-bit sRGB values.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// White.
    public static let white = RGBColour(red: 255, green: 255, blue: 255)
}
