// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Tells work on another thread, or in C, to stop.
///
/// A C library cannot see that a task was cancelled, so the task sets this flag and the loops ask for it.
package final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isSet: Bool { flag.load(ordering: .relaxed) }

    package func set() { flag.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once the flag is set.
    package func check() throws {
        if isSet { throw CancellationError() }
    }

    /// The address that C code hands back to ``isCancelled``; valid as long as the flag lives.
    package var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    /// The function for C code: true once the flag at `context` is set.
    package static let isCancelled: @convention(c) (UnsafeMutableRawPointer?) -> Bool = { context in
        guard let context = unsafe context else { return false }
        return unsafe Unmanaged<CancellationFlag>.fromOpaque(context).takeUnretainedValue().isSet
    }
}
