// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The time that a task waited for memory, apart from the time of its work.
package final class MemoryWait: Sendable {
    /// The measurement of the current task and its children; `nil` for none.
    @TaskLocal package static var current: MemoryWait?

    private let waited = Mutex(Duration.zero)

    /// A measurement that begins.
    package init() {}

    /// The time so far.
    package var duration: Duration { waited.withLock { $0 } }

    func add(_ duration: Duration) { waited.withLock { $0 += duration } }
}
