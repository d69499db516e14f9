// SPDX-License-Identifier: Apache-2.0

/// A fixed window of requests that begins with the first of them.
struct RateWindow {
    let limit: Int
    let length: Int
    private var start = 0
    private var used = 0

    init(limit: Int, length: Int) {
        self.limit = limit
        self.length = length
    }

    /// When the window ends, in Unix time.
    var reset: Int { start + length }

    var remaining: Int { max(0, limit - used) }

    /// Begins a new window when the last is over.
    mutating func roll(to now: Int) {
        guard used == 0 || now >= reset else { return }
        start = now
        used = 0
    }

    mutating func count() { used += 1 }
}
