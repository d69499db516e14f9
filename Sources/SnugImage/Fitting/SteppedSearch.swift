// SPDX-License-Identifier: Apache-2.0

/// The documented textbook method, decision by decision.
///
/// Over the limit, both sides are scaled by √(limit / size) and the result is encoded at quality 85; while it is over,
/// at 80, 75 … down to the floor; still over there, the sides are scaled again by the area ratio of what was measured, and the qualities
/// start over. With a fixed size the qualities go from 95 down to the floor, and then the search gives up.
struct SteppedSearch {
    /// The next step.
    enum Action: Equatable {
        case encode(width: Int, height: Int, quality: Int)
        case finish
        /// The limit is out of reach; the smallest result had so many bytes.
        case giveUp(smallest: Int)
    }

    private static let step = 5
    /// The smallest side that is tried: smaller results are of no use.
    static let leastSide = 16

    private let limit: Int
    private let keepsSize: Bool
    private let floor: Int
    private let firstQuality: Int
    private var width: Int
    private var height: Int
    private var quality: Int
    private var smallest = Int.max

    /// - Parameters:
    ///   - width: Upright size allowed by the limits on side and pixels.
    ///   - inputBytes: Bytes of the input: the size that the first scale is computed from.
    init(width: Int, height: Int, inputBytes: Int, limit: Int, policy: FitPolicy) {
        self.limit = limit
        keepsSize = policy.keepsSize
        floor = policy.qualityFloor
        firstQuality = max(min(policy.keepsSize ? 95 : 85, policy.qualityCeiling ?? 95), policy.qualityFloor)
        quality = firstQuality
        self.width = width
        self.height = height
        if !keepsSize && inputBytes > limit { scale(by: Double(limit) / Double(inputBytes)) }
    }

    /// The first encode.
    var start: Action { .encode(width: width, height: height, quality: quality) }

    /// Takes the size of the last encode.
    mutating func encoded(bytes: Int) -> Action {
        if bytes <= limit { return .finish }
        smallest = min(smallest, bytes)
        if quality > floor {
            quality = max(quality - Self.step, floor)
            return .encode(width: width, height: height, quality: quality)
        }
        if keepsSize || min(width, height) <= Self.leastSide { return .giveUp(smallest: smallest) }
        let before = (width, height)
        scale(by: Double(limit) / Double(bytes))
        // A ratio close to 1 may truncate to the same size: one pixel fewer at least.
        if (width, height) == before {
            width = max(width - 1, 1)
            height = max(height - 1, 1)
        }
        quality = firstQuality
        return .encode(width: width, height: height, quality: quality)
    }

    /// Both sides by the root of an area ratio, truncated to whole pixels.
    private mutating func scale(by areaRatio: Double) {
        let factor = areaRatio.squareRoot()
        let least = min(width, height, Self.leastSide)
        width = max(Int(Double(width) * factor), min(width, least))
        height = max(Int(Double(height) * factor), min(height, least))
    }
}
