// SPDX-License-Identifier: Apache-2.0

/// How a fit uses memory.
enum MemoryMode: Sendable, Hashable {
    /// Decoded pixels are kept and searched.
    case held
    /// The file is decoded at each pass; memory goes with the width.
    case lean

    /// Pixels up to which progressive coding is used: it takes 5 % fewer bytes for 2.5 times the encoding time and holds
    /// all coefficients, 3 bytes for each pixel.
    static let mostProgressivePixels = 8_000_000

    func allowsProgressive(_ shape: RasterShape) -> Bool {
        self == .held && shape.width * shape.height <= Self.mostProgressivePixels
    }
}
