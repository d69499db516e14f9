// SPDX-License-Identifier: Apache-2.0

/// The ways in which a fit uses memory.
enum MemoryMode: Sendable, Hashable {
    /// Decoded pixels are kept and searched, and an encoder may hold all coefficients.
    case held
    /// Decoded pixels are kept; what is encoded goes out band by band.
    case heldStreamingOut
    /// The file is decoded at each pass; memory goes with the width.
    case lean

    /// True when decoded pixels stay in memory.
    var holdsPixels: Bool { self != .lean }
    /// True when an encoder may hold the coefficients of the whole image.
    var holdsCoefficients: Bool { self == .held }
}
