// SPDX-License-Identifier: Apache-2.0

/// Waits that mostly end early.
///
/// A sleep that is cancelled stays with the system until its time would have come, with all that belongs to it: thousands of
/// long ones at a time where work is short.
package enum BriefSleep {
    /// The longest time for which a cancelled one is remembered.
    private static let longest = Duration.seconds(2)

    /// Waits for a time.
    /// - Throws: `CancellationError`.
    package static func sleep(for duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        while true {
            let left = end - ContinuousClock.now
            try await Task.sleep(for: min(max(left, .zero), longest))
            if left <= longest { return }
        }
    }
}
