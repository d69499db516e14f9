// SPDX-License-Identifier: Apache-2.0

/// Adapts the chunk size: larger chunks while they are fast, smaller ones when they are slow or fail.
///
/// With chunks of size c and a probability p per byte of losing the connection, c·p/2 of the traffic is wasted, against
/// one round trip for each chunk. Chunks of 2 to 10 seconds are near the optimum for connections of any speed.
struct ChunkSizer: Sendable, Equatable {
    static let smallest = 64 * 1024

    private(set) var size: Int
    private var ceiling: Int
    private var floor: Int
    private let adapts: Bool
    /// The unit of chunk sizes, except for the last chunk.
    private let granularity: Int

    init(initial: Int, ceiling: Int, floor: Int = ChunkSizer.smallest, granularity: Int = 1, adapts: Bool = true) {
        self.granularity = max(1, granularity)
        self.adapts = adapts
        self.floor = Self.rounded(max(1, min(floor, ceiling)), self.granularity)
        self.ceiling = max(self.floor, ceiling)
        size = Self.rounded(min(max(initial, self.floor), self.ceiling), self.granularity)
    }

    /// The chunk that starts at `offset`.
    func chunk(at offset: Int, of length: Int) -> Range<Int> { offset..<min(length, offset + size) }

    mutating func succeeded(bytes: Int, in duration: Duration) {
        guard adapts, bytes >= size else { return }
        let seconds = duration / .seconds(1)
        // Four times a chunk that took less than half a second still takes less than two.
        if seconds < 2 { resize(size * (seconds < 0.5 ? 4 : 2)) }
        if seconds > 10 { resize(size / 2) }
    }

    /// Applies the limits of the server; the last chunk may be smaller.
    mutating func limit(to sizes: ClosedRange<Int>?) {
        guard let sizes, sizes.upperBound < ceiling || sizes.lowerBound > floor else { return }
        ceiling = max(1, min(ceiling, sizes.upperBound))
        floor = max(min(floor, ceiling), min(sizes.lowerBound, ceiling))
        resize(size)
    }

    /// The connection was lost or stalled within a chunk.
    mutating func lineFailed() {
        if adapts { resize(size / 2) }
    }

    /// The server, or a proxy in front of it, refused this number of bytes in one request.
    /// - Returns: True when a smaller chunk can be tried.
    mutating func refused(bytes: Int) -> Bool {
        guard bytes > floor, size > floor || bytes > size else { return false }
        ceiling = max(floor, bytes / 2)
        resize(min(size, bytes / 2))
        return true
    }

    private mutating func resize(_ wanted: Int) {
        size = Self.rounded(min(max(wanted, floor), ceiling), granularity)
    }

    private static func rounded(_ size: Int, _ granularity: Int) -> Int {
        max(granularity, size / granularity * granularity)
    }
}
