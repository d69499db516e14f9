// SPDX-License-Identifier: Apache-2.0

/// The three date forms of HTTP. RFC 9110 §5.6.7
package enum HTTPDate {
    /// Seconds since 1970 of an HTTP date in any of its forms.
    package static func parse(_ text: String) -> Int? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        // asctime: Sun Nov  6 08:49:37 1994. Others: Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT.
        let isAscTime = words.count == 5 && words[3].contains(":")
        guard isAscTime || (words.count == 6 && words[5] == "GMT") else { return nil }
        let (dayText, monthText, yearText, timeText) =
            isAscTime ? (words[2], words[1], words[4], words[3]) : (words[1], words[2], words[3], words[4])
        guard let day = Int(dayText), (1...31).contains(day),
            let month = months.firstIndex(of: monthText.lowercased()).map({ $0 + 1 }),
            var year = Int(yearText), (0...9999).contains(year)
        else { return nil }
        let time = timeText.split(separator: ":").map { Int($0) }
        guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2],
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        if yearText.utf8.count == 2 { year += year < 70 ? 2000 : 1900 }
        return daysSince1970(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Days of the proleptic Gregorian calendar, with years beginning in March so that the leap day is the last.
    package static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
