// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugSystem

/// The three forms of RFC 9110 §5.6.7, against Foundation's calendar.
@Suite struct HTTPDateTests {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let longDays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The parts of a moment by Foundation.
    private func parts(_ seconds: Int) -> DateComponents {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        return calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
    }

    private func two(_ value: Int?) -> String { (value ?? 0) < 10 ? "0\(value ?? 0)" : "\(value ?? 0)" }

    @Test("Random moments of six centuries are read in the preferred form", arguments: UInt64(0)..<20)
    func preferred(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            // 1800 to 2400.
            let seconds = Int.random(in: -5_364_662_400..<13_569_465_600, using: &random)
            let date = parts(seconds)
            let day = Self.days[((seconds - (seconds % 86_400 + 86_400) % 86_400) / 86_400 % 7 + 7) % 7]
            let text =
                "\(day), \(two(date.day)) \(Self.months[(date.month ?? 1) - 1]) \(date.year ?? 0) "
                + "\(two(date.hour)):\(two(date.minute)):\(two(date.second)) GMT"
            #expect(HTTPDate.parse(text) == seconds, "\(text)")
        }
    }

    @Test("The two obsolete forms are read too", arguments: UInt64(0)..<10)
    func obsolete(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            // 1970 to 2069: what two digits of a year stand for.
            let seconds = Int.random(in: 0..<3_124_223_999, using: &random)
            let date = parts(seconds)
            let weekday = seconds / 86_400 % 7
            let month = Self.months[(date.month ?? 1) - 1]
            let time = "\(two(date.hour)):\(two(date.minute)):\(two(date.second))"
            let rfc850 =
                "\(Self.longDays[weekday]), \(two(date.day))-\(month)-\(two((date.year ?? 0) % 100)) \(time) GMT"
            #expect(HTTPDate.parse(rfc850) == seconds, "\(rfc850)")
            let day = (date.day ?? 0) < 10 ? " \(date.day ?? 0)" : "\(date.day ?? 0)"
            let ascTime = "\(Self.days[weekday]) \(month) \(day) \(time) \(date.year ?? 0)"
            #expect(HTTPDate.parse(ascTime) == seconds, "\(ascTime)")
        }
    }

    @Test(
        "The standard's own example is one moment in each form",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "sun, 06 NOV 1994 08:49:37 GMT",
        ])
    func example(text: String) { #expect(HTTPDate.parse(text) == 784_111_777) }

    @Test(
        "What is no date is none",
        arguments: [
            "", "now", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 8:49:37:1 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT", "Sun, 6.5 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ])
    func none(text: String) { #expect(HTTPDate.parse(text) == nil) }

    @Test(
        "Days are Foundation's, leap days and centuries included",
        arguments: [1600, 1900, 1970, 1999, 2000, 2024, 2100, 2400])
    func days(year: Int) throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for month in 1...12 {
            let first = try #require(calendar.date(from: DateComponents(year: year, month: month, day: 1)))
            let expected = Int(first.timeIntervalSince1970) / 86_400
            #expect(HTTPDate.daysSince1970(year: year, month: month, day: 1) == expected)
            #expect(HTTPDate.daysSince1970(year: year, month: month, day: 28) == expected + 27)
        }
    }
}
