// SPDX-License-Identifier: Apache-2.0

/// A number of bytes as people write it: `10MB`, `1.5MiB`, `500k`, `123456`.
public struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number.
    public var bytes: Int

    /// Wraps a number of bytes.
    public init(_ bytes: Int) { self.bytes = bytes }

    /// Reads a size.
    ///
    /// `k`, `M`, `G` and `T`, alone or followed by `B`, are powers of 1000; followed by `iB` or `i` they are powers of
    /// 1024. Case and one space before the unit do not matter. Fractions are cut down to whole bytes, so that the
    /// result is never more than what was written.
    /// - Throws: `invalid_argument` for anything else, for negative sizes and for sizes beyond 2⁶³ − 1.
    public init(parsing text: String) throws(ImageError) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count).drop { $0 == " " }
        guard let multiplier = Self.multiplier(of: unit.lowercased()), let value = Self.product(number, multiplier)
        else {
            if text.hasPrefix("-") {
                throw ImageError(.invalidArgument, "'\(text)' is negative; write a size such as 10MB")
            }
            throw ImageError(
                .invalidArgument,
                "'\(text)' is not a size that can be used; write a number with an optional unit, such as 10MB "
                    + "(10,000,000 bytes), 10MiB (10,485,760), 500k or 123456")
        }
        bytes = value
    }

    /// Orders by size.
    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    /// The size for people, in powers of 1000 with at most three digits before the unit: `9.99 MB`, `512 bytes`.
    public var description: String {
        let magnitude = bytes.magnitude
        guard magnitude >= 1000 else { return "\(bytes) bytes" }
        var divisor: UInt = 1
        var unit = 0
        while magnitude / divisor >= 1000, unit < Self.units.count - 1 {
            divisor *= 1000
            unit += 1
        }
        let whole = magnitude / divisor
        // Cut, not rounded: a file just under a limit must not read as if it reached it.
        let hundredths = (magnitude % divisor) / (divisor / 100)
        let fraction: String
        switch whole {
        case 100...: fraction = ""
        case 10...: fraction = ".\(hundredths / 10)"
        default: fraction = ".\(hundredths / 10)\(hundredths % 10)"
        }
        return "\(bytes < 0 ? "-" : "")\(whole)\(fraction) \(Self.units[unit])"
    }

    private static let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]

    private static func multiplier(of unit: String) -> Int? {
        switch unit {
        case "", "b", "byte", "bytes": 1
        case "k", "kb": 1000
        case "ki", "kib": 1 << 10
        case "m", "mb": 1_000_000
        case "mi", "mib": 1 << 20
        case "g", "gb": 1_000_000_000
        case "gi", "gib": 1 << 30
        case "t", "tb": 1_000_000_000_000
        case "ti", "tib": 1 << 40
        default: nil
        }
    }

    /// `digits × multiplier` in whole numbers, because a double would lose bytes of large sizes.
    private static func product(_ digits: Substring, _ multiplier: Int) -> Int? {
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty, let whole = Int(first) else { return nil }
        let (base, overflows) = whole.multipliedReportingOverflow(by: multiplier)
        guard !overflows else { return nil }
        guard parts.count == 2 else { return base }
        // Digits past the ninth are below one byte of any size that fits.
        guard !parts[1].isEmpty, !parts[1].contains(".") else { return nil }
        let kept = parts[1].prefix(9)
        guard let numerator = Int(kept) else { return nil }
        var denominator = 1
        for _ in kept { denominator *= 10 }
        let product = numerator.multipliedFullWidth(by: multiplier)
        let fraction = denominator.dividingFullWidth(product).quotient
        let (sum, tooLarge) = base.addingReportingOverflow(fraction)
        return tooLarge ? nil : sum
    }
}
