// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Moments in header fields (RFC 9110 §5.6.7).
enum DateText {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A moment as in `Sun, 06 Nov 1994 08:49:37 GMT`.
    /// - Parameter seconds: Seconds since 1970, which began on a Thursday.
    static func of(seconds: Int) -> String {
        // As in 1994-11-06T08:49:37.000Z.
        let text = CalendarTime.utc(milliseconds: seconds * 1000)
        let parts = text.prefix(10).split(separator: "-")
        guard parts.count == 3, let month = Int(parts[1]), (1...12).contains(month) else { return text }
        let day = days[((seconds / 86_400) % 7 + 7) % 7]
        return "\(day), \(parts[2]) \(months[month - 1]) \(parts[0]) \(text.dropFirst(11).prefix(8)) GMT"
    }
}
