// SPDX-License-Identifier: Apache-2.0

/// The filter that weighs source pixels by their distance from a target pixel's centre.
enum ResamplingKernel: Sendable, Hashable {
    /// Windowed sinc of three lobes: the sharpest of the usual filters, with little ringing.
    case lanczos3
    /// The exact average of the area that a target pixel covers.
    case box

    static let lobes = 3.0

    /// The largest distance between the centres of a target pixel and a source pixel that counts, in source pixels.
    ///
    /// - Parameter scale: Source pixels that one target pixel covers, at least 1.
    func radius(scale: Double) -> Double {
        switch self {
        case .lanczos3: Self.lobes * scale
        case .box: (scale + 1) / 2  // a pixel counts as soon as its nearer half is touched
        }
    }
}
