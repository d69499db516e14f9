// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Finds the highest quality of a WebP of one size within a limit, by few encodes.
struct WebPQualitySearch {
    /// Quality ceiling of pixels without history.
    static let pixelCeiling = 95
    /// The quality aimed at when pixels are given up.
    static let landing = 45.0
    private static let maximumEncodes = 8
    /// Share of the limit at which a result is good enough, where nothing else is asked for.
    static let wantedUse = 0.955
    private static let aimedUse = 0.975
    /// Qualities closer than this hardly differ: libwebp has 128 quantizers for 100 qualities.
    private static let narrowest = 0.4
    /// The growth of the logarithm of the bytes for each step of quality, where nothing was measured.
    private static let growth = 0.022

    private let limit: Int
    private let ceiling: Double
    private let wantedUse: Double
    private var low = (quality: 0.0, bytes: 0)
    private var high: (quality: Double, bytes: Int)
    private var encodes = 0
    private var first: (quality: Double, bytes: Int)?
    /// The quality to try; `nil` when the search is over.
    private(set) var next: Double?
    /// The best result within the limit.
    private(set) var bytes: [UInt8]?
    /// Its quality.
    private(set) var quality = 0.0
    private(set) var smallestBytes = Int.max

    /// - Parameters:
    ///   - first: The quality to try first.
    ///   - wantedUse: Share of the limit at which a result is good enough.
    init(limit: Int, ceiling: Double, first: Double = landing, wantedUse: Double = wantedUse) {
        self.wantedUse = wantedUse
        self.limit = limit
        self.ceiling = ceiling
        high = (ceiling + 0.5, .max)
        next = min(first, ceiling)
    }

    /// Bytes at the quality that is aimed at when pixels are given up, from the first encode.
    var landingBytes: Double {
        guard let first else { return 1 }
        return Double(first.bytes) * Double.exp(Self.growth * (min(Self.landing, ceiling) - first.quality))
    }

    /// Notes the file of a quality.
    mutating func note(quality: Double, _ file: [UInt8]?) {
        let count = file?.count ?? .max
        encodes += 1
        if first == nil { first = (quality, count) }
        smallestBytes = min(smallestBytes, count)
        if let file, count <= limit {
            (bytes, self.quality, low) = (file, quality, (quality, count))
        } else {
            high = (quality, count)
        }
        let isGood = low.quality == quality && (Double(count) >= Double(limit) * wantedUse || quality >= ceiling)
        let isOver = isGood || encodes == Self.maximumEncodes || high.quality - low.quality <= Self.narrowest
        next = isOver ? nil : following
    }

    /// Bytes grow about exponentially with the quality.
    private var following: Double {
        let limit = Double(limit)
        if low.bytes > 0, high.bytes < Int.max {
            let span = Double.log(Double(high.bytes) / Double(low.bytes))
            let part = span > 0 ? Double.log(limit * Self.aimedUse / Double(low.bytes)) / span : 0.5
            return low.quality + (high.quality - low.quality) * min(max(part, 0.1), 0.9)
        }
        if low.bytes > 0 {
            return min(low.quality + max(Double.log(limit / Double(low.bytes)) / Self.growth, 2), ceiling)
        }
        return max(high.quality - max(Double.log(Double(high.bytes) / limit) / Self.growth, 4), high.quality / 8)
    }
}
