// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Synchronization

/// The time as the simulated providers see it: the system's, plus what a test has advanced it by.
///
/// Hour windows, token lifetimes, URL expiry and how long things take read this clock, so a test can let an hour pass at once.
public final class SimulatorClock: Sendable {
    private let offset = Mutex(Duration.zero)

    init() {}

    /// Seconds since 1970, advanced.
    public var now: Double {
        let shift = offset.withLock { $0 }
        let seconds = Double(shift.components.seconds) + Double(shift.components.attoseconds) / 1e18
        return Date().timeIntervalSince1970 + seconds
    }

    /// Seconds since 1970, without the fraction.
    var seconds: Int { Int(now.rounded(.down)) }

    /// Lets time pass.
    public func advance(by duration: Duration) {
        offset.withLock { $0 += duration }
    }

    /// Returns at a moment in seconds since 1970, whether it comes by itself or by ``advance(by:)``.
    func sleep(until end: Double) async throws {
        while case let left = end - now, left > 0 {
            // Short, because nothing reports when the time is moved.
            try await Task.sleep(for: .seconds(min(left, 0.01)))
        }
    }

    /// RFC 9110 §5.6.7 (IMF-fixdate) of a moment `seconds` from now.
    func httpDate(in seconds: Int = 0) -> String {
        let calendar = Self.gregorian
        let date = Date(timeIntervalSince1970: now + Double(seconds))
        let parts = calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute, .second], from: date)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = days[((parts.weekday ?? 1) - 1) % 7]
        let month = months[((parts.month ?? 1) - 1) % 12]
        let clock = [parts.hour, parts.minute, parts.second].map { Self.twoDigits($0 ?? 0) }.joined(separator: ":")
        return "\(day), \(Self.twoDigits(parts.day ?? 1)) \(month) \(parts.year ?? 1970) \(clock) GMT"
    }

    /// ISO 8601 in UTC of a moment `seconds` from now.
    func iso8601(in seconds: Int = 0) -> String {
        Date(timeIntervalSince1970: (now + Double(seconds)).rounded(.down)).formatted(.iso8601)
    }

    private static let gregorian: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
