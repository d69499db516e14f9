// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem

/// Time and chance, as the retry layer sees them.
package struct RetryEnvironment: Sendable {
    /// Waits. Ends early with `CancellationError`.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// 0…1.
    package var random: @Sendable () -> Double = { Double.random(in: 0...1) }
    /// Seconds since 1970.
    package var wallClock: @Sendable () -> Int = { WallClock.seconds }

    package init() {}
}
