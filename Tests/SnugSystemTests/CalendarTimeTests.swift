// SPDX-License-Identifier: Apache-2.0
import SnugSystem
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
            ("2027-01-15T02:30-05:30", 0), ("2027-01-15T08:00:01.5Z", 1000), ("2027-01-15Z", -8 * 3_600_000),
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
        ])
    func refuses(text: String) { #expect(CalendarTime.parse(text, now: Self.now) == nil) }
}
