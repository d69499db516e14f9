// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Counts how often each name comes in a run.
final class Repetitions: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// 1 for the first time that a name comes.
    func next(of name: String) -> Int {
        counts.withLock { counts in
            counts[name, default: 0] += 1
            return counts[name, default: 1]
        }
    }
}
