// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Moments as dates and times of day.
package enum CalendarTime {
    /// The parts of a date and a time of day.
    private struct Parts {
        var year = 1970
        var month = 1
        var day = 1
        var hour = 0
        var minute = 0
        var second = 0

        var isPossible: Bool {
            (1...12).contains(month) && (1...daysInMonth).contains(day) && (0...23).contains(hour)
                && (0...59).contains(minute) && (0...60).contains(second)
        }
        private var daysInMonth: Int {
            let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            return month == 2 ? (isLeapYear ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        }
        var date: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
        var time: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }
    }

    /// A moment by the calendar of UTC, `2027-01-15T08:00:00.000Z` (RFC 3339).
    package static func utc(milliseconds: Int) -> String {
        guard let parts = parts(of: milliseconds, isLocal: false), (0...9999).contains(parts.year) else {
            return "\(milliseconds)"
        }
        return unsafe String(unsafeUninitializedCapacity: 24) { text in
            // Digit by digit, because lists have millions of them.
            func write(_ number: Int, _ digits: Int, at end: Int, before mark: Unicode.Scalar) {
                var rest = number
                for index in 1...digits {
                    unsafe text[end - index] = UInt8(0x30 + rest % 10)
                    rest /= 10
                }
                unsafe text[end] = UInt8(ascii: mark)
            }
            write(parts.year, 4, at: 4, before: "-")
            write(parts.month, 2, at: 7, before: "-")
            write(parts.day, 2, at: 10, before: "T")
            write(parts.hour, 2, at: 13, before: ":")
            write(parts.minute, 2, at: 16, before: ":")
            write(parts.second, 2, at: 19, before: ".")
            write(remainder(milliseconds), 3, at: 23, before: "Z")
            return 24
        }
    }

    /// A moment by the calendar of this machine, `2027-01-15 09:00:00`.
    package static func local(milliseconds: Int) -> String {
        parts(of: milliseconds, isLocal: true).map { $0.date + " " + $0.time } ?? "\(milliseconds)"
    }

    /// The moment that text names.
    ///
    /// Takes `2027-01-15`, `2027-01-15 09:00`, `2027-01-15T09:00:00`, with `Z` or `+01:00` after it or by this machine's
    /// calendar, and `09:00`, which is today's.
    /// - Parameter now: Milliseconds since 1970.
    package static func parse(_ text: String, now: Int) -> Int? {
        let pattern =
            /(?:(\d{4})-(\d\d)-(\d\d))?(?:[T ]?(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(Z|z|[+-]\d\d:\d\d)?/
        guard let match = try? pattern.asciiOnlyDigits().wholeMatch(in: text)?.output, match.1 != nil || match.4 != nil,
            var parts = parts(of: now, isLocal: match.7 == nil)
        else { return nil }
        func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
        if match.1 != nil { (parts.year, parts.month, parts.day) = (number(match.1), number(match.2), number(match.3)) }
        (parts.hour, parts.minute, parts.second) = (number(match.4), number(match.5), number(match.6))
        guard parts.isPossible else { return nil }
        guard let zone = match.7 else { return seconds(parts, isLocal: true) * 1000 }
        guard let offset = offset(String(zone)) else { return nil }
        return (seconds(parts, isLocal: false) - offset) * 1000
    }

    /// Seconds east of Greenwich; `nil` for more hours or minutes than a day or an hour has.
    private static func offset(_ zone: String) -> Int? {
        let digits = zone.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard digits.count == 2 else { return 0 }
        guard digits[0] < 24, digits[1] < 60 else { return nil }
        return (digits[0] * 3600 + digits[1] * 60) * (zone.hasPrefix("-") ? -1 : 1)
    }

    private static func parts(of milliseconds: Int, isLocal: Bool) -> Parts? {
        // Rounded down, without the sum that no number would hold.
        var seconds = time_t(milliseconds / 1000 - (milliseconds < 0 && remainder(milliseconds) > 0 ? 1 : 0))
        return unsafe withUnsafeTemporaryAllocation(of: tm.self, capacity: 1) { buffer -> Parts? in
            guard let parts = buffer.baseAddress else { return nil }
            guard unsafe (isLocal ? localtime_r(&seconds, parts) : gmtime_r(&seconds, parts)) != nil else { return nil }
            return unsafe Parts(
                year: Int(parts.pointee.tm_year) + 1900, month: Int(parts.pointee.tm_mon) + 1,
                day: Int(parts.pointee.tm_mday), hour: Int(parts.pointee.tm_hour),
                minute: Int(parts.pointee.tm_min), second: Int(parts.pointee.tm_sec))
        }
    }

    private static func seconds(_ parts: Parts, isLocal: Bool) -> Int {
        var broken = unsafe tm()
        unsafe broken.tm_year = Int32(parts.year - 1900)
        unsafe broken.tm_mon = Int32(parts.month - 1)
        unsafe broken.tm_mday = Int32(parts.day)
        unsafe broken.tm_hour = Int32(parts.hour)
        unsafe broken.tm_min = Int32(parts.minute)
        unsafe broken.tm_sec = Int32(parts.second)
        // The system finds out whether summer time holds then.
        unsafe broken.tm_isdst = -1
        return unsafe Int(isLocal ? mktime(&broken) : timegm(&broken))
    }

    private static func remainder(_ milliseconds: Int) -> Int { (milliseconds % 1000 + 1000) % 1000 }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
