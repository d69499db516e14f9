// SPDX-License-Identifier: Apache-2.0

/// Durations as people write them: `500ms`, `2s`, `10 min`, `1h30m`, `30d`.
package enum DurationText {
    /// Names of units and their milliseconds, the first of each for output.
    private static let units: [(names: [String], milliseconds: Int)] = [
        (["d", "day", "days"], 86_400_000), (["h", "hour", "hours"], 3_600_000),
        (["min", "m", "minute", "minutes"], 60_000), (["s", "sec", "second", "seconds"], 1000),
        (["ms", "millisecond", "milliseconds"], 1),
    ]

    /// The examples for error messages.
    package static let examples = "500ms, 2s, 10min, 1h30m or 30d"

    /// The duration that text says; `nil` for text that is none, and for more than a thousand years.
    package static func parse(_ text: String) -> Duration? {
        var rest = text.lowercased()[...]
        var total = 0.0
        var smallest = Int.max
        while true {
            rest = rest.drop { $0 == " " }
            guard !rest.isEmpty else { break }
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[number.endIndex...].drop { $0 == " " }
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[name.endIndex...]
            // Each unit is smaller than the one before, so that `1m30` and `5m2h` are refused.
            guard let value = Double(number), let unit = units.first(where: { $0.names.contains(String(name)) }),
                unit.milliseconds < smallest
            else { return nil }
            smallest = unit.milliseconds
            total += value * Double(unit.milliseconds)
        }
        guard smallest < .max, total.isFinite, total <= 1000 * 366 * 86_400_000 else { return nil }
        return .milliseconds(Int(total.rounded()))
    }

    /// A duration in text that ``parse(_:)`` takes.
    package static func exact(_ duration: Duration) -> String {
        var left = milliseconds(duration)
        if left == 0 { return "0s" }
        var text = ""
        for unit in units where left >= unit.milliseconds {
            text += "\(left / unit.milliseconds)\(unit.names[0])"
            left %= unit.milliseconds
        }
        return text
    }

    /// A duration for a person, to its largest unit: `5 s`, `12 min`, `3 h`, `8 d`.
    package static func rough(_ duration: Duration) -> String {
        let seconds = milliseconds(duration) / 1000
        if seconds < 120 { return "\(seconds) s" }
        if seconds < 7200 { return "\(seconds / 60) min" }
        return seconds < 172_800 ? "\(seconds / 3600) h" : "\(seconds / 86_400) d"
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        // In whole numbers: a quotient of two durations is rounded, and may be longer than a number holds.
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = Int(seconds).multipliedReportingOverflow(by: 1000)
        if isTooLong { return seconds < 0 ? 0 : .max }
        let (sum, overflows) = whole.addingReportingOverflow(Int(attoseconds / 1_000_000_000_000_000))
        return overflows ? .max : max(0, sum)
    }
}
