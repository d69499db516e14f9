// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Against Foundation's calendar.
@Suite struct TimestampTests {
    private func text(_ seconds: Int, zone offset: Int, separator: String, fraction: String) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: offset) ?? .gmt
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(seconds)))
        func two(_ value: Int?) -> String { String(format: "%02d", value ?? 0) }
        return String(format: "%04d", parts.year ?? 0) + "-" + two(parts.month) + "-" + two(parts.day) + separator
            + two(parts.hour) + ":" + two(parts.minute) + ":" + two(parts.second) + fraction
    }

    @Test("Any moment of two centuries in any zone is read", arguments: UInt64(0)..<10)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            // From 2 Jan 1970 to 2200.
            let seconds = Int.random(in: 86_400..<7_258_118_400, using: &random)
            let minutes = Int.random(in: -12 * 4...14 * 4, using: &random) * 15
            let sign = minutes < 0 ? "-" : "+"
            let (hours, rest) = abs(minutes).quotientAndRemainder(dividingBy: 60)
            let colon = Bool.random(using: &random) ? ":" : ""
            let zone = minutes == 0 ? "Z" : sign + String(format: "%02d", hours) + colon + String(format: "%02d", rest)
            let (fraction, part) = [("", 0.0), (".5", 0.5), (".250000", 0.25)].randomElement(using: &random) ?? ("", 0)
            let separator = ["T", "t", " "].randomElement(using: &random) ?? "T"
            let text = text(seconds, zone: minutes * 60, separator: separator, fraction: fraction) + zone
            #expect(Timestamp.seconds(.text(text)) == Double(seconds) + part, "\(text)")
        }
    }

    @Test(
        "What is no moment is none",
        arguments: [
            "2026-11-20T", "T12:00:00", "2026-00-10T12:00:00", "2026-11-00T12:00:00", "2026-11-32T12:00:00",
            "2026-11-20T12", "2026-11-20T12:60:00", "2026-11-20T12:00:61", "2026-11-20T-1:00:00",
            "1969-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z", "2026-11-20T12:00:00+1", "2026-11-20T12:00:00+123", "2026-11-20T12:00:00 EST",
            "2026-11-20T12:00:00:00", "\u{662}026-11-20T12:00:00Z", "2026-11-20T..:..:..", "nan", "inf", "-1", "0", " ",
            "2026/11/20 12:00:00",
        ])
    func none(text: String) { #expect(Timestamp.seconds(.text(text)) == nil) }

    @Test("Numbers are seconds, or milliseconds where seconds would be in the year 33658")
    func numbers() {
        #expect(Timestamp.seconds(.integer(999_999_999_999)) == 999_999_999_999)
        #expect(Timestamp.seconds(.integer(1_000_000_000_000)) == 1_000_000_000)
        #expect(Timestamp.seconds(.number(1.5)) == 1.5 && Timestamp.seconds(.text("1.5")) == 1.5)
        for value in [JSONValue.integer(0), .integer(-5), .null, .members([]), .array([])] {
            #expect(Timestamp.seconds(value) == nil)
        }
        #expect(Timestamp.seconds(nil) == nil)
    }
}

@Suite struct EndpointTests {
    /// A base address, segments of a path, items of a query, and the address by RFC 3986.
    struct Row: Sendable {
        var base: String
        var segments: [String]
        var query: [(name: String, value: String)] = []
        var expected: String
    }

    static let rows = [
        Row(base: "https://h", segments: ["v1", "images"], expected: "https://h/v1/images"),
        Row(base: "https://h/", segments: ["v1"], expected: "https://h/v1"),
        Row(base: "https://h/api//", segments: ["v1"], expected: "https://h/api/v1"),
        Row(base: "https://h:8443/api", segments: [], expected: "https://h:8443/api"),
        Row(base: "https://h", segments: ["a/b", "c?d", "e#f"], expected: "https://h/a%2Fb/c%3Fd/e%23f"),
        Row(base: "https://h", segments: ["..", "%2e"], expected: "https://h/../%252e"),
        Row(base: "https://h", segments: ["caf\u{E9} \u{1F305}"], expected: "https://h/caf%C3%A9%20%F0%9F%8C%85"),
        Row(base: "https://h", segments: ["a\r\nX: y"], expected: "https://h/a%0D%0AX%3A%20y"),
        Row(base: "https://h", segments: ["a-._~Z9"], expected: "https://h/a-._~Z9"),
        Row(
            base: "https://h", segments: ["p"], query: [("a", "1 2"), ("b&c", "d=e+f"), ("g", "")],
            expected: "https://h/p?a=1%202&b%26c=d%3De%2Bf&g="),
        Row(base: "https://h", segments: ["p"], query: [("a", "\u{0}")], expected: "https://h/p?a=%00"),
    ]

    @Test("Whatever stands in a segment or an item stays within it", arguments: rows.indices)
    func urls(row: Int) throws {
        let row = Self.rows[row]
        #expect(try Endpoint(row.base).url(row.segments, query: row.query).text == row.expected)
    }

    @Test(
        "A base address is an address without a query", arguments: ["", "h", "ftp://h", "https://h?x=1", "https://u@h"])
    func bases(text: String) {
        let error = #expect(throws: GenerationError.self) { _ = try Endpoint(text) }
        #expect(error?.code == .invalidRequest && error?.fields.map(\.name) == ["base_url"])
    }

    @Test("What is escaped means the same to another reader", arguments: UInt64(0)..<5)
    func escaped(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let scalars = (0..<8).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &random)) }
            let text = String(String.UnicodeScalarView(scalars))
            let escaped = Endpoint.encoded(text)
            #expect(escaped.removingPercentEncoding.map { Array($0.utf8) } == Array(text.utf8))
            #expect(escaped.utf8.allSatisfy { $0 > 32 && $0 < 127 })
        }
    }
}
