// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Counts calls.
final class AttemptCounter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    /// The number of this call; the first is 1.
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
