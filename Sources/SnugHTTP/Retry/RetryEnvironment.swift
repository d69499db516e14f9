// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem

/// Time and randomness of the retry layer.
package struct RetryEnvironment: Sendable {
    /// Waits; throws `CancellationError` when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// 0…1.
    package var random: @Sendable () -> Double = { Double.random(in: 0...1) }
    /// Seconds since 1970.
    package var wallClock: @Sendable () -> Int = { WallClock.seconds }

    package init() {}
}
