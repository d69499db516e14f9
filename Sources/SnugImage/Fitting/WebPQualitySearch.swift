// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Finds the highest quality of a WebP of one size within a limit, by few encodes.
struct WebPQualitySearch {
    /// Quality ceiling of pixels without history.
    static let pixelCeiling = 95
    private static let maximumEncodes = 7
    /// The quality aimed at when pixels are given up, tried first.
    private static let landing = 45.0
    /// Share of the limit at which a result is good enough.
    private static let wantedUse = 0.94
    /// The growth of the logarithm of the bytes for each step of quality, where nothing was measured.
    private static let growth = 0.022

    private let limit: Int
    private let ceiling: Double
    private var low = (quality: 0.0, bytes: 0)
    private var high: (quality: Double, bytes: Int)
    private var encodes = 0
    /// The quality to try; `nil` when the search is over.
    private(set) var next: Double?
    /// The best result within the limit.
    private(set) var bytes: [UInt8]?
    /// Its quality.
    private(set) var quality = 0.0
    /// Bytes at the quality that is aimed at when pixels are given up.
    private(set) var landingBytes = 0
    private(set) var smallestBytes = Int.max

    init(limit: Int, ceiling: Double) {
        self.limit = limit
        self.ceiling = ceiling
        high = (ceiling + 0.5, .max)
        next = min(Self.landing, ceiling)
    }

    /// Notes the file of a quality.
    mutating func note(quality: Double, _ file: [UInt8]?) {
        let count = file?.count ?? .max
        encodes += 1
        if landingBytes == 0 { landingBytes = count }
        smallestBytes = min(smallestBytes, count)
        if let file, count <= limit {
            (bytes, self.quality, low) = (file, quality, (quality, count))
        } else {
            high = (quality, count)
        }
        let isGood = low.quality == quality && (Double(count) >= Double(limit) * Self.wantedUse || quality >= ceiling)
        next = isGood || encodes == Self.maximumEncodes || high.quality - low.quality <= 1 ? nil : following
    }

    /// Bytes grow about exponentially with the quality.
    private var following: Double {
        let limit = Double(limit)
        if low.bytes > 0, high.bytes < Int.max {
            let span = Double.log(Double(high.bytes) / Double(low.bytes))
            let part = span > 0 ? Double.log(limit * 0.97 / Double(low.bytes)) / span : 0.5
            return low.quality + (high.quality - low.quality) * min(max(part, 0.1), 0.9)
        }
        if low.bytes > 0 {
            return min(low.quality + max(Double.log(limit / Double(low.bytes)) / Self.growth, 2), ceiling)
        }
        return max(high.quality - max(Double.log(Double(high.bytes) / limit) / Self.growth, 4), high.quality / 8)
    }
}
