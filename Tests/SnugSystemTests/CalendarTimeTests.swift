// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@Suite struct CalendarTimeTests {
    /// 2027-01-15T08:00:00Z
    private static let now = 1_800_000_000_000

    @Test(
        "Moments are written in UTC with their milliseconds",
        arguments: [
            (now, "2027-01-15T08:00:00.000Z"), (now + 7, "2027-01-15T08:00:00.007Z"), (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        ])
    func utc(milliseconds: Int, text: String) { #expect(CalendarTime.utc(milliseconds: milliseconds) == text) }

    @Test(
        "Dates and times with a zone are read",
        arguments: [
            ("2027-01-15T08:00:00Z", 0), ("2027-01-15 08:00Z", 0), ("2027-01-15T09:00+01:00", 0),
            ("2027-01-15T02:30-05:30", 0), ("2027-01-16T07:59+23:59", 0), ("2027-01-15T08:00:01.5Z", 1000),
            ("2027-01-15Z", -8 * 3_600_000),
            ("07:59Z", -60_000),
        ])
    func parses(text: String, offset: Int) { #expect(CalendarTime.parse(text, now: Self.now) == Self.now + offset) }

    @Test("A local time reads as the moment that is written so")
    func local() {
        let text = CalendarTime.local(milliseconds: Self.now)
        #expect(CalendarTime.parse(text, now: Self.now) == Self.now)
    }

    @Test(
        "Text that is no time is refused",
        arguments: [
            "", "Z", "soon", "2027-13-01", "2027-00-10", "24:00Z", "08:60Z", "2027-01-15T08", "1/2/2027", "+01:00",
            "08:00+24:00", "08:00-00:60", "2027-01-15T08:00+99:99",
            // Digits of other scripts: read as zeros they would name midnight.
            "\u{660}\u{669}:\u{660}\u{660}", "\u{FF12}\u{FF10}\u{FF12}\u{FF17}-01-15", "08:00+\u{966}\u{967}:00",
        ])
    func refuses(text: String) { #expect(CalendarTime.parse(text, now: Self.now) == nil) }

    @Test(
        "Days that a month does not have are refused, and leap days are not",
        arguments: [
            ("2027-02-29Z", false), ("2028-02-29Z", true), ("2100-02-29Z", false), ("2000-02-29Z", true),
            ("2027-02-30Z", false), ("2027-04-31Z", false), ("2027-06-30Z", true), ("2027-09-31Z", false),
            ("2027-11-31Z", false), ("2027-12-31Z", true), ("2027-01-31Z", true), ("2027-01-00Z", false),
        ])
    func days(text: String, exists: Bool) { #expect((CalendarTime.parse(text, now: Self.now) != nil) == exists) }

    @Test("Random moments are written and read as Foundation's calendar has them", arguments: UInt64(0)..<10)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<100 {
            // From 1900 to 2200.
            let milliseconds = Int.random(in: -2_208_988_800_000...7_258_118_400_000, using: &random)
            let expected = Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
            let text = CalendarTime.utc(milliseconds: milliseconds)
            if milliseconds % 1000 == 0 || milliseconds > 0 { #expect(text.prefix(19) == expected.prefix(19)) }
            let date = try? style.parse(text)
            #expect(date.map { Int(($0.timeIntervalSince1970 * 1000).rounded()) } == milliseconds, "\(text)")
            #expect(CalendarTime.parse(text, now: 0) == milliseconds - ((milliseconds % 1000) + 1000) % 1000)
            // By this machine's calendar to the second.
            let local = CalendarTime.local(milliseconds: milliseconds)
            #expect(local.count == 19)
        }
    }

    @Test("Moments beyond every calendar are written as numbers", arguments: [Int.max, Int.min, Int.min + 1])
    func beyond(milliseconds: Int) {
        for text in [CalendarTime.utc(milliseconds: milliseconds), CalendarTime.local(milliseconds: milliseconds)] {
            // The year 292,278,994 fits some calendars.
            #expect(text == "\(milliseconds)" || text.contains("-"))
        }
    }
}
