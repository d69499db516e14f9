// SPDX-License-Identifier: Apache-2.0

/// The size of one plane.
struct PlaneShape: Sendable, Hashable {
    var width: Int
    var height: Int
    var channels = 1
    /// Samples that the image covers: less than `width` where it ends within a sample (4:2:0 with odd sides).
    var extentWidth: Double
    var extentHeight: Double
}
