// SPDX-License-Identifier: Apache-2.0

/// The meaning of the last channel for the resampler.
enum AlphaHandling: Sendable, Hashable {
    /// All channels are alike.
    case none
    /// The last channel is straight alpha: colours count by their opacity, so hidden ones do not bleed into edges.
    case last
}
