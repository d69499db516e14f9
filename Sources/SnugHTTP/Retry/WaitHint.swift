// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
internal import SnugSystem

/// The wait that a server asks for, in all the forms in which servers say it.
package enum WaitHint {
    /// A longer wait is a mistake or a forgery, and must not switch a client off for ever.
    package static let longest = Duration.seconds(24 * 3600)

    /// The longest of the waits that a response asks for; `nil` when it asks for none that can be read.
    ///
    /// The end of a used-up rate window counts only where no wait is asked for explicitly.
    /// - Parameter now: Seconds since 1970, used for dates when the response has no `Date`.
    package static func read(_ headers: HTTPFields, body: [UInt8], now: Int) -> Duration? {
        // Counting from the server's clock cancels out a wrong clock on either side.
        let reference = headers[.date].flatMap(HTTPDate.parse) ?? now
        var hints: [Duration?] = headers[values: .retryAfter].map { retryAfter($0, reference: reference) }
        for name in millisecondNames {
            hints += headers[values: name].map { number($0[...], unit: 0.001) }
        }
        hints += fromBody(body)
        var found = hints.compactMap { $0 }
        if found.isEmpty { found = resets(headers, reference: reference) }
        return found.max().map { min($0, longest) }
    }

    /// The wait by this machine's clock.
    package static func read(_ headers: HTTPFields, body: [UInt8]) -> Duration? {
        read(headers, body: body, now: WallClock.seconds)
    }

    private static let millisecondNames: [HTTPField.Name] = [
        .retryAfterMilliseconds, .init(literal: "X-Ms-Retry-After-Ms"), .init(literal: "X-Amz-Retry-After"),
    ]

    /// The ends of windows that are used up, or whose remainder is not told.
    private static func resets(_ headers: HTTPFields, reference: Int) -> [Duration] {
        let windows = ["", "-Minute", "-Hour", "-Day", "-Requests", "-Tokens"].map { ("X-RateLimit-", $0) }
        let named = (windows + [("RateLimit-", "")]).compactMap { (prefix, suffix) -> Duration? in
            guard let value = headers[named: "\(prefix)Reset\(suffix)"] else { return nil }
            if let left = headers[named: "\(prefix)Remaining\(suffix)"].flatMap({ Int($0) }), left > 0 { return nil }
            return reset(value, reference: reference)
        }
        return named + rateLimits(headers)
    }

    /// The windows of `RateLimit` that are used up: a list of policies with `r` left and `t` seconds to go, and a
    /// dictionary in earlier drafts (draft-ietf-httpapi-ratelimit-headers).
    private static func rateLimits(_ fields: HTTPFields) -> [Duration] {
        let windows = fields.structuredList(.rateLimit).map(\.parameters)
            .map { ($0["r"]?.integer, $0["t"]?.integer) }
        let earlier = fields.structuredDictionary(.rateLimit)
        return (windows + [(earlier["remaining"]?.integer, earlier["reset"]?.integer)]).compactMap { left, seconds in
            guard let left, left <= 0, let seconds, seconds >= 0 else { return nil }
            return .seconds(min(seconds, Int(longest.seconds)))
        }
    }

    /// The value of a reset field: a time as seconds or milliseconds since 1970, a number of seconds, or a duration as
    /// Go writes it (`12ms`, `1s`, `6m0s`).
    package static func reset(_ value: String, reference: Int) -> Duration? {
        guard let plain = Double(value), value.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }) else {
            return goDuration(value)
        }
        // A number of seconds that large would be 30 years.
        guard plain >= 1e9 else { return .seconds(plain) }
        let time = plain >= 1e12 ? plain / 1000 : plain
        return .seconds(min(max(0, time - Double(reference)), longest.seconds))
    }

    private static func goDuration(_ text: String) -> Duration? {
        var rest = text[...]
        var total = 0.0
        repeat {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let unit = rest[digits.endIndex...].prefix { $0.isASCII && !$0.isNumber && $0 != "." }
            guard let value = Double(digits), let length = goUnits[String(unit)] else { return nil }
            total += value * length
            rest = rest[unit.endIndex...]
        } while !rest.isEmpty
        return .seconds(min(total, longest.seconds))
    }

    private static let goUnits = ["h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9]

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

    // A scan for known keys, not a JSON parser: an error's body need not be JSON, and only a number after a name is
    // wanted.
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
        return keys.flatMap { key in
            text.ranges(of: "\"\(key.name)\"").map { found in
                let rest = text[found.upperBound...].drop { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
                guard rest.first == ":" else { return nil }
                let value = rest.dropFirst().drop { $0.isWhitespace || $0 == "\"" }
                // Everything that could belong to a number, so that `-5` and `1e3` are no hint instead of a wrong one.
                return number(value.prefix { $0.isNumber || $0.isLetter || "+-.".contains($0) }, unit: key.unit)
            }
        }
    }
}
