// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// The providers' time: it passes by itself, and at once where a test says so.
@Suite struct SimulatorClockTests {
    @Test("Time that is let pass is added, fractions too, and adds up")
    func advancing() {
        let (moved, still) = (SimulatorClock(), SimulatorClock())
        moved.advance(by: .seconds(3600))
        moved.advance(by: .milliseconds(1500))
        let before = still.now
        let now = moved.now
        #expect((before + 3601.5...still.now + 3601.5).contains(now))
        #expect(moved.seconds >= Int(before) + 3601)
    }

    @Test("Advancing wakes those whose time has come, and nobody before")
    func sleepers() async throws {
        let clock = SimulatorClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Int.self) { group in
            for minutes in [30, 10, 20] {
                group.addTask {
                    try await clock.sleep(until: start + Double(minutes * 60))
                    return minutes
                }
            }
            for minutes in [10, 20, 30] {
                clock.advance(by: .seconds(600))
                let woken = try await group.next()
                #expect(woken == minutes)
            }
        }
    }

    @Test("No time at all, or less, is no sleep", arguments: [0, -5])
    func noSleep(seconds: Int) async throws {
        let clock = SimulatorClock()
        try await clock.sleep(until: clock.now + Double(seconds))
    }

    @Test("Whoever is cancelled sleeps no longer")
    func cancelled() async {
        let clock = SimulatorClock()
        let sleeper = Task { try await clock.sleep(until: clock.now + 86_400) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    /// The parts of an IMF-fixdate (RFC 9110 §5.6.7) as Unix time, by the days of the civil calendar.
    private func unixTime(_ text: String) -> Int? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), parts[1].count == 2,
            let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3])
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { $0.count == 2 ? Int($0) : nil }
        guard time.count == 3 else { return nil }
        return days(year, month + 1, day) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
    }

    /// Days since 1 January 1970 of the Gregorian calendar, counted year by year.
    private func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) } + lengths[..<(month - 1)].reduce(0, +) + day
            - 1
    }

    static let distances = [
        0, 1, 59, 86_399, 86_400, -86_400, 31 * 86_400, 366 * 86_400, 4 * 366 * 86_400, 123_456_789,
    ]

    @Test("An HTTP date is the moment it stands for, on its day of the week", arguments: distances)
    func httpDates(seconds: Int) throws {
        let clock = SimulatorClock()
        let before = clock.seconds
        let text = clock.httpDate(in: seconds)
        let time = try #require(unixTime(text))
        #expect((before + seconds...clock.seconds + seconds).contains(time))
        // 1 January 1970 was a Thursday.
        let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        #expect(text.hasPrefix(names[time / 86_400 % 7] + ", ") && text.count == 29)
    }

    @Test("An ISO date is the same moment to the second, in UTC", arguments: distances)
    func isoDates(seconds: Int) throws {
        let clock = SimulatorClock()
        let before = clock.seconds
        let text = clock.iso8601(in: seconds)
        #expect(text.count == 20 && text.hasSuffix("Z"))
        let numbers = text.dropLast().split { !$0.isNumber }.compactMap { Int($0) }
        try #require(numbers.count == 6)
        let time =
            days(numbers[0], numbers[1], numbers[2]) * 86_400 + numbers[3] * 3600 + numbers[4] * 60 + numbers[5]
        #expect((before + seconds...clock.seconds + seconds).contains(time))
    }

    @Test("Responses carry the simulated date")
    func dateHeader() async throws {
        let client = DirectClient()
        client.pass(100 * 86_400)
        let reply = try await client.elumenta(model: "photon")
        #expect(reply.status == 200)
        let created = client.ledger.entries.first?.createdAt ?? ""
        #expect(created >= SimulatorClock().iso8601(in: 100 * 86_400 - 60))
    }
}
