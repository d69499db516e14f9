// SPDX-License-Identifier: Apache-2.0

/// The canvas and flags of an extended WebP (RFC 9649 §2.7.1).
struct WebPCanvas: Sendable, Hashable {
    var width: Int
    var height: Int
    var hasAlpha: Bool
    var isAnimated: Bool
}
