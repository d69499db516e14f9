// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem

/// Time and chance, as the ledger sees them.
public struct LedgerEnvironment: Sendable {
    /// The time of day.
    public var now: @Sendable () -> LedgerInstant
    /// Time that never jumps, from any beginning.
    ///
    /// Tells a worker that hangs from a clock that was set.
    public var elapsed: @Sendable () -> Duration
    /// 64 random bits.
    public var random: @Sendable () -> UInt64

    /// Takes all three from the caller.
    public init(
        now: @escaping @Sendable () -> LedgerInstant, elapsed: @escaping @Sendable () -> Duration,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.now = now
        self.elapsed = elapsed
        self.random = random
    }

    /// The system's.
    public static var system: LedgerEnvironment {
        let start = ContinuousClock.now
        return LedgerEnvironment(
            now: { LedgerInstant(milliseconds: WallClock.milliseconds) },
            elapsed: { ContinuousClock.now - start }, random: { UInt64.random(in: .min ... .max) })
    }
}
