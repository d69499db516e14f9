// SPDX-License-Identifier: Apache-2.0

/// How many jobs there are of each kind. Seen and the rest are counted apart, so that a loss shows.
public struct LedgerBooks: Sendable, Hashable, Codable {
    /// Jobs that were ever put in.
    public var seen = 0
    /// Names that were joined to a job that was already there.
    public var joined = 0
    /// Jobs by state, those that were pruned included.
    public var states: [JobState: Int] = [:]

    /// Starts empty.
    public init() {}

    init(seen: Int, joined: Int, states: [JobState: Int]) {
        self.seen = seen
        self.joined = joined
        self.states = states
    }

    /// Jobs that are neither over nor held: waiting, running or paused.
    public var waiting: Int { count(.waiting) + count(.running) + count(.paused) }

    /// Jobs of a state.
    public func count(_ state: JobState) -> Int { states[state] ?? 0 }

    /// True when seen = delivered + failed + held + cancelled + waiting.
    public var areBalanced: Bool { seen == states.values.reduce(0, +) }

    /// Adds the books of another folder.
    public static func + (left: LedgerBooks, right: LedgerBooks) -> LedgerBooks {
        LedgerBooks(
            seen: left.seen + right.seen, joined: left.joined + right.joined,
            states: left.states.merging(right.states, uniquingKeysWith: +))
    }
}
