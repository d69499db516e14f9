// SPDX-License-Identifier: Apache-2.0

/// One range of bytes, as the field `Range` asks for it (RFC 9110 §14.1.2).
enum ByteRange: Sendable, Hashable {
    /// From a byte to the end, or through another byte.
    case from(Int, through: Int?)
    /// So many bytes of the end.
    case last(Int)

    /// Reads `bytes=0-499`, `bytes=500-` or `bytes=-500`; `nil` for anything else, also several ranges, which a server may
    /// answer with the whole (§14.2).
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let ends = parts[1].trimmed.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (ends[0].isEmpty, ends[1].isEmpty) {
        case (true, true): return nil
        case (true, false):
            guard let count = Self.number(ends[1]) else { return nil }
            self = .last(count)
        case (false, true):
            guard let first = Self.number(ends[0]) else { return nil }
            self = .from(first, through: nil)
        case (false, false):
            guard let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last else { return nil }
            self = .from(first, through: last)
        }
    }

    /// The bytes of a file of some length; `nil` where it has none of them.
    func bytes(of length: Int) -> Range<Int>? {
        switch self {
        case .last(let count): return count > 0 && length > 0 ? max(0, length - count)..<length : nil
        case .from(let first, let last):
            guard first < length else { return nil }
            return first..<(min(last ?? .max, length - 1) + 1)
        }
    }

    /// Digits; a number that no file reaches is the largest that there is.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text) ?? .max
    }
}
