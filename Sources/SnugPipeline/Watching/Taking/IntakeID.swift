// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The name under which files that were taken together are in the work folder; later ones sort after earlier ones.
package struct IntakeID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// A new one.
    package static func random() -> IntakeID { random(milliseconds: WallClock.milliseconds) }

    /// Milliseconds since 1970 and 60 random bits, in letters that sort like numbers.
    static func random(milliseconds: Int) -> IntakeID {
        IntakeID(
            encoding: UInt64(clamping: milliseconds) & (1 << 50 - 1), count: 10,
            random: UInt64.random(in: 0..<(1 << 60)))
    }

    private init(encoding time: UInt64, count: Int, random: UInt64) {
        text = Self.encode(time, count: count) + Self.encode(random, count: 12)
    }

    /// An identifier that was written down; `nil` for any other text, so that none can name another place.
    package init?(_ text: String) {
        guard text.utf8.count == 22, text.utf8.allSatisfy({ Self.alphabet.contains($0) }) else { return nil }
        self.text = text
    }

    package var description: String { text }

    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private static func encode(_ value: UInt64, count: Int) -> String {
        let letters = (0..<count).reversed().map { alphabet[Int(value >> UInt64(5 * $0) & 31)] }
        return String(decoding: letters, as: UTF8.self)
    }
}
