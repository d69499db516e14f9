// SPDX-License-Identifier: Apache-2.0

/// A moment, in whole milliseconds since 1970 (UTC).
public struct LedgerInstant: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Milliseconds since 1970.
    public var milliseconds: Int

    /// Names a moment.
    public init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// Decodes a number of milliseconds.
    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int.self)
    }

    /// Encodes the number of milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    /// The number of milliseconds.
    public var description: String { "\(milliseconds)" }

    /// Orders moments by time.
    public static func < (left: LedgerInstant, right: LedgerInstant) -> Bool { left.milliseconds < right.milliseconds }

    /// A later moment. A sum that no number holds is the last moment, or the first one.
    public static func + (instant: LedgerInstant, duration: Duration) -> LedgerInstant {
        let milliseconds = duration.wholeMilliseconds
        let (sum, overflow) = instant.milliseconds.addingReportingOverflow(milliseconds)
        return LedgerInstant(milliseconds: overflow ? (milliseconds > 0 ? .max : .min) : sum)
    }

    /// An earlier moment. A difference that no number holds is the first moment, or the last one.
    public static func - (instant: LedgerInstant, duration: Duration) -> LedgerInstant {
        let milliseconds = duration.wholeMilliseconds
        let (difference, overflow) = instant.milliseconds.subtractingReportingOverflow(milliseconds)
        return LedgerInstant(milliseconds: overflow ? (milliseconds > 0 ? .min : .max) : difference)
    }
}

extension Duration {
    /// Whole milliseconds, without the rest; the largest or the smallest number for what no number holds.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = Int(seconds).multipliedReportingOverflow(by: 1000)
        if overflow { return seconds > 0 ? .max : .min }
        let (sum, sumOverflow) = product.addingReportingOverflow(Int(attoseconds / 1_000_000_000_000_000))
        return sumOverflow ? (seconds > 0 ? .max : .min) : sum
    }
}
