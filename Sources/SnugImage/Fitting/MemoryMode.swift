// SPDX-License-Identifier: Apache-2.0

/// How a fit uses memory.
enum MemoryMode: Sendable, Hashable {
    /// Decoded pixels are kept and searched, and an encoder may hold all coefficients.
    case held
    /// Decoded pixels are kept; what is encoded goes out band by band.
    case heldStreamingOut
    /// The file is decoded at each pass; memory goes with the width.
    case lean

    /// Whether decoded pixels stay in memory.
    var holdsPixels: Bool { self != .lean }
    /// Whether an encoder may hold the coefficients of the whole image.
    var holdsCoefficients: Bool { self == .held }
}

/// When progressive coding is worth its price: 5 % fewer bytes for 2.5 times the encoding time, and all coefficients in
/// memory.
enum ProgressiveChoice {
    /// Up to here it is always used.
    private static let alwaysPixels = 8_000_000
    /// Up to here where the byte limit costs quality, so that 5 % of the bytes are worth having.
    static let mostPixels = 40_000_000

    static func isWorthwhile(pixels: Int, limitBinds: Bool) -> Bool {
        pixels <= (limitBinds ? mostPixels : alwaysPixels)
    }
}
