// SPDX-License-Identifier: Apache-2.0

/// What will be done with one image, decided from its header alone.
public struct FitPlan: Sendable, Hashable {
    /// The first thing to try; a copy or strip that turns out unsound becomes an encode.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// It complies: check it to the end and pass it on.
        case copy
        /// Taking metadata away may be enough.
        case strip
        /// Decode, resize where needed, encode.
        case encode
    }

    public var action: Action
    /// The output's format; `nil` when it is chosen on the pixels.
    public var format: ImageFormat?
    /// Upright size after the limits on side and pixels, before bytes are considered.
    public var width: Int
    public var height: Int
    /// Why, in words for a person.
    public var reason: String

    /// Decides what to do with an image.
    ///
    /// Pure: the same arguments always give the same plan.
    /// - Parameter byteCount: Bytes of the source.
    /// - Throws: `limit_exceeded`, `unsupported_format`, `unsupported_feature`, `cannot_fit`, `invalid_argument`.
    public static func make(
        header: ImageHeader, byteCount: Int, limits: Limits, policy: FitPolicy
    ) throws(ImageError) -> FitPlan {
        FitPlan(action: .encode, format: nil, width: header.uprightWidth, height: header.uprightHeight, reason: "")
    }
}
