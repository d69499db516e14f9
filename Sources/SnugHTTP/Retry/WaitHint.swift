// SPDX-License-Identifier: Apache-2.0

/// How long a server asks to be left alone, in all the forms in which servers say it.
package enum WaitHint {
    /// Longer than this is a mistake or a forgery, and must not switch a client off for ever.
    package static let longest = Duration.seconds(24 * 3600)

    /// The longest of the waits that an answer asks for; `nil` when it asks for none that can be read.
    /// - Parameter now: Seconds since 1970, used for dates when the answer has no `Date` of its own.
    package static func read(_ headers: HTTPHeaders, body: [UInt8], now: Int) -> Duration? {
        // Counting from the server's own clock takes a wrong clock on either side out of the sum.
        let reference = headers["Date"].flatMap(HTTPDate.parse) ?? now
        var hints: [Duration?] = headers.values(of: "Retry-After").map { retryAfter($0, reference: reference) }
        hints += ["Retry-After-Ms", "X-Ms-Retry-After-Ms"].map { headers[$0].flatMap { number($0[...], unit: 0.001) } }
        hints += fromBody(body)
        return hints.compactMap { $0 }.max().map { min($0, longest) }
    }

    private static func retryAfter(_ value: String, reference: Int) -> Duration? {
        if let seconds = number(value[...], unit: 1) { return seconds }
        guard let date = HTTPDate.parse(value) else { return nil }
        return date > reference ? .seconds(date - reference) : .zero
    }

    /// A plain decimal number, not negative, with an optional `s` or `ms` behind it.
    private static func number(_ text: Substring, unit: Double) -> Duration? {
        var digits = text
        var unit = unit
        if digits.hasSuffix("ms") {
            digits.removeLast(2)
            unit = 0.001
        } else if digits.hasSuffix("s") {
            digits.removeLast()
            unit = 1
        }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
            let value = Double(digits), value.isFinite
        else { return nil }
        return .seconds(min(value * unit, longest.seconds))
    }

    // A scan for known keys, not a JSON parser: bodies of errors are not to be trusted to be JSON, and all that is wanted
    // is a number behind a name.
    private static let keys: [(name: String, unit: Double)] = [
        ("retry_after", 1), ("retryAfter", 1), ("retry_after_seconds", 1), ("retryAfterSeconds", 1),
        ("retry_after_ms", 0.001), ("retryAfterMs", 0.001), ("retryDelay", 1), ("retry_delay", 1),
    ]

    private static func fromBody(_ body: [UInt8]) -> [Duration?] {
        guard let first = body.first(where: { $0 > 32 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else {
            return []
        }
        let text = String(decoding: body.prefix(64 * 1024), as: UTF8.self)
        return keys.map { key in
            guard let found = text.firstRange(of: "\"\(key.name)\"") else { return nil }
            let rest = text[found.upperBound...].drop { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
            guard rest.first == ":" else { return nil }
            let value = rest.dropFirst().drop { $0 == " " || $0 == "\"" }
            return number(value.prefix { $0.isNumber || $0 == "." || $0 == "s" || $0 == "m" }, unit: key.unit)
        }
    }
}
