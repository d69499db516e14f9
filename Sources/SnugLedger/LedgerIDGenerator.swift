// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Makes ids that sort by the time of their making: 48 bits of milliseconds and 80 random bits, in the text form of ULID.
///
/// Ids of one generator always grow, also within a millisecond and when the clock is set back.
final class LedgerIDGenerator: Sendable {
    private struct Last {
        var time: UInt64 = 0
        var high: UInt16 = 0
        var low: UInt64 = 0
    }
    private let environment: LedgerEnvironment
    private let last = Mutex(Last())

    init(_ environment: LedgerEnvironment) { self.environment = environment }

    func next() -> String {
        let (now, random) = (environment.now().milliseconds, (environment.random(), environment.random()))
        let id = last.withLock { last -> Last in
            let time = UInt64(clamping: now) & 0xFFFF_FFFF_FFFF
            if time > last.time {
                // The top bit stays free, so that counting up never runs over.
                last = Last(time: time, high: UInt16(truncatingIfNeeded: random.0) & 0x7FFF, low: random.1)
            } else {
                let (low, carry) = last.low.addingReportingOverflow(1 + random.0 & 0xFFFF)
                last.low = low
                if carry { last.high &+= 1 }
            }
            return last
        }
        return Self.text(id.time, 10) + Self.text(UInt64(id.high) << 24 | id.low >> 40, 8)
            + Self.text(id.low & 0xFF_FFFF_FFFF, 8)
    }

    /// The smallest id of a moment.
    static func first(at instant: LedgerInstant) -> String {
        text(min(UInt64(clamping: instant.milliseconds), 0xFFFF_FFFF_FFFF), 10) + String(repeating: "0", count: 16)
    }

    /// Crockford's 32 digits, in order.
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private static func text(_ value: UInt64, _ count: Int) -> String {
        String(
            decoding: (0..<count).reversed().map { digits[Int(value >> UInt64($0 * 5) & 31)] }, as: UTF8.self)
    }

    static func isID(_ text: String) -> Bool { text.utf8.count == 26 && text.utf8.allSatisfy { digits.contains($0) } }
}
