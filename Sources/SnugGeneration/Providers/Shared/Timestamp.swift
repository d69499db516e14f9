// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// Moments as providers write them.
enum Timestamp {
    /// Seconds since 1970, from a number of (milli)seconds or from ISO 8601 with or without fraction and zone; without a
    /// zone it is UTC.
    static func seconds(_ value: JSONValue?) -> Double? {
        if let text = value?.text, Double(text) == nil { return iso8601(text) }
        guard let number = value?.amount, number > 0, number.isFinite else { return nil }
        return number >= 1e12 ? number / 1000 : number
    }

    static func iso8601(_ text: String) -> Double? {
        let text = text.uppercased()
        guard let gap = text.firstIndex(where: { $0 == "T" || $0 == " " }), let day = date(text[..<gap]) else {
            return nil
        }
        let clock = text[text.index(after: gap)...].prefix { $0 == ":" || $0 == "." || ("0"..."9").contains($0) }
        let zone = text[clock.endIndex...].drop { $0 == " " }
        let parts = clock.split(separator: ":").map { Double($0) }
        guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1],
            let second = parts.count == 3 ? parts[2] : 0, (0..<25).contains(hour), (0..<60).contains(minute),
            (0..<61).contains(second), let offset = offset(zone)
        else { return nil }
        return Double(day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    /// Days since 1970.
    private static func date(_ text: Substring) -> Int? {
        let parts = text.split(separator: "-").map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
            (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        return HTTPDate.daysSince1970(year: year, month: month, day: day)
    }

    /// Seconds that a zone is ahead of UTC.
    private static func offset(_ zone: Substring) -> Double? {
        guard let sign = zone.first, zone != "Z", zone != "UTC", zone != "GMT" else { return 0 }
        let digits = zone.dropFirst().filter { $0 != ":" }
        guard sign == "+" || sign == "-", digits.count == 2 || digits.count == 4, let hours = Double(digits.prefix(2)),
            let minutes = digits.count == 4 ? Double(digits.suffix(2)) : 0
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
