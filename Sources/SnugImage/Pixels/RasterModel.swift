// SPDX-License-Identifier: Apache-2.0

/// The content of an image's planes.
enum RasterModel: Sendable, Hashable {
    /// One plane of luma.
    case gray
    /// Three planes: luma and two of chroma, each at its own resolution.
    case ycbcr
    /// One plane of interleaved samples, 1 to 4 channels: gray, gray and alpha, RGB, RGB and alpha.
    case interleaved(channels: Int)
}
