// SPDX-License-Identifier: Apache-2.0

/// Finds the quality whose real encode uses the byte limit well, in as few encodes as possible.
///
/// Takes the sizes of encodes and says what to try next; holds no pixels and encodes nothing.
struct QualitySearch {
    /// What to do next.
    enum Action: Equatable {
        case encode(quality: Double)
        /// The best result so far is good enough, or as good as it gets.
        case finish
        /// Even the floor is over the limit.
        case tooLarge(smallest: Int)
    }

    /// Share of the limit that a result should reach where the ceiling allows.
    static let wantedUse = 0.95
    /// Share aimed at, so that a small misprediction stays under the limit.
    static let aimedUse = 0.975
    private static let mostEncodes = 7
    /// Qualities closer than this give files that differ by a fraction of a percent.
    private static let finestStep = 0.05

    private let limit: Int
    private let range: ClosedRange<Double>
    /// The largest quality known to fit, the smallest known not to.
    private var fitting: (quality: Double, bytes: Int)?
    private var over: (quality: Double, bytes: Int?)?
    private(set) var encodes = 0

    init(limit: Int, range: ClosedRange<Double>) {
        self.limit = limit
        self.range = range
    }

    /// The quality of the best result so far.
    var bestQuality: Double? { fitting?.quality }

    /// Bytes to aim the next prediction at.
    var byteTarget: Double { Double(limit) * (encodes == 0 ? Self.aimedUse : 0.98) }

    /// Where to begin.
    func start(predicted: Double?) -> Action { .encode(quality: bounded(predicted ?? range.lowerBound)) }

    /// Takes the outcome of an encode.
    /// - Parameters:
    ///   - bytes: Its size, `nil` when it was broken off at the limit.
    ///   - predict: The quality predicted, after learning from this outcome, for ``byteTarget``.
    mutating func encoded(quality: Double, bytes: Int?, predict: () throws -> Double?) rethrows -> Action {
        encodes += 1
        if let bytes, bytes <= limit {
            if fitting.map({ quality > $0.quality }) ?? true { fitting = (quality, bytes) }
            if Double(bytes) >= Double(limit) * Self.wantedUse || quality >= range.upperBound { return .finish }
        } else {
            if over.map({ quality < $0.quality }) ?? true { over = (quality, bytes) }
            if quality <= range.lowerBound {
                return .tooLarge(smallest: bytes ?? limit.addingReportingOverflow(limit).partialValue)
            }
        }
        let low = fitting?.quality ?? range.lowerBound
        let high = over?.quality ?? range.upperBound
        if high - low < Self.finestStep || encodes >= Self.mostEncodes {
            if fitting != nil { return .finish }
            return .encode(quality: range.lowerBound)
        }
        let predicted = try predict() ?? range.lowerBound
        let margin = (high - low) * 0.1
        if over == nil { return .encode(quality: min(max(predicted, low + margin), high)) }
        if fitting == nil { return .encode(quality: max(min(predicted, high - margin), low)) }
        return .encode(quality: min(max(predicted, low + margin), high - margin))
    }

    private func bounded(_ quality: Double) -> Double { min(max(quality, range.lowerBound), range.upperBound) }
}
