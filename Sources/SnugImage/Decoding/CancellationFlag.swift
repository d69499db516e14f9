// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Tells codec work on another thread to stop.
///
/// Task cancellation is not visible on a codec thread, so the task sets this flag and the loops ask for it.
final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once the flag is set.
    func check() throws {
        if isSet { throw CancellationError() }
    }

    /// The address that C code hands back to ``isCancelled``; valid as long as the flag lives.
    var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    /// What C code calls: true once the flag at `context` is set.
    static let isCancelled: @convention(c) (UnsafeMutableRawPointer?) -> Bool = { context in
        guard let context = unsafe context else { return false }
        return unsafe Unmanaged<CancellationFlag>.fromOpaque(context).takeUnretainedValue().isSet
    }
}
