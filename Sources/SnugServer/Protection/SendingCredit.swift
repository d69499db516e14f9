// SPDX-License-Identifier: Apache-2.0

/// Judges whether a response is taken at a minimum rate, over longer than one period: a slow reader makes room in steps, each
/// of which may take it several periods.
struct SendingCredit: Sendable {
    /// Bytes that a period has to take on average.
    let minimum: Int
    /// Bytes ahead of the minimum that count, at most.
    let maximum: Int
    private var bytes = 0

    init(minimum: Int, maximum: Int) {
        self.minimum = minimum
        self.maximum = max(maximum, minimum)
    }

    /// Counts a period that took `count` bytes.
    /// - Returns: False for a reader that is too slow.
    mutating func covers(_ count: Int) -> Bool {
        bytes = min(bytes + count, maximum) - minimum
        return bytes >= 0
    }

    /// Forgets what a response before took.
    mutating func reset() { bytes = 0 }
}
