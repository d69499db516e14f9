// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem

/// Moments in options and requests about jobs.
public enum JobMoment {
    /// The forms of a moment, for help texts and error messages.
    public static let examples = "2h, 30d, 18:00, 2027-01-15 or 2027-01-15T09:00Z"

    /// A moment in the past: a duration ago, or a date and time.
    /// - Returns: `nil` for text that is none.
    public static func past(_ text: String, now: LedgerInstant) -> LedgerInstant? {
        if let age = DurationText.parse(text) { return now - age }
        return CalendarTime.parse(text, now: now.milliseconds).map { LedgerInstant(milliseconds: $0) }
    }

    /// A moment to come: a duration from now, a date and time, or a time of day, which is tomorrow's when today's is over.
    /// - Returns: `nil` for text that is none, and for a moment that is over.
    public static func future(_ text: String, now: LedgerInstant) -> LedgerInstant? {
        if let delay = DurationText.parse(text) { return delay > .zero ? now + delay : nil }
        guard let milliseconds = CalendarTime.parse(text, now: now.milliseconds) else { return nil }
        let moment = LedgerInstant(milliseconds: milliseconds)
        if moment > now { return moment }
        // A day that is not 24 hours long moves it by an hour at most.
        return text.contains("-") ? nil : moment + .seconds(86_400)
    }
}

extension LedgerInstant {
    /// The moment as the text that JSON has, in UTC (RFC 3339).
    public var timestamp: String { CalendarTime.utc(milliseconds: milliseconds) }

    /// The moment for a person, by this machine's calendar.
    package var localText: String { CalendarTime.local(milliseconds: milliseconds) }

    /// This moment.
    package static var now: LedgerInstant { LedgerInstant(milliseconds: WallClock.milliseconds) }
}
