// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// One maximum rate for all transfers that share it.
///
/// libcurl can limit the rate of one transfer only, so a limit for several is counted here.
public final class BandwidthLimiter: Sendable {
    /// Bytes a second over all transfers.
    public let bytesPerSecond: Int
    private let bucket: Mutex<PacedBucket>

    /// - Parameter bytesPerSecond: At least 1024.
    public init(bytesPerSecond: Int) {
        self.bytesPerSecond = max(1024, bytesPerSecond)
        bucket = Mutex(PacedBucket(bytesPerSecond: max(1024, bytesPerSecond)))
    }

    /// The share of `wanted` bytes that may be sent now, or the wait until some may.
    func grant(_ wanted: Int, now: ContinuousClock.Instant) -> PacedBucket.Grant {
        bucket.withLock { $0.grant(wanted, now: now) }
    }

    /// Gives unused bytes back.
    func refund(_ count: Int) { bucket.withLock { $0.refund(count) } }
}

/// A token bucket that saves up at most a twentieth of a second.
struct PacedBucket {
    enum Grant: Equatable {
        case bytes(Int)
        case wait(Duration)
    }

    private let rate: Double
    private let capacity: Double
    private var tokens: Double
    private var updated: ContinuousClock.Instant?

    init(bytesPerSecond: Int) {
        rate = Double(bytesPerSecond)
        capacity = max(4096, rate / 20)
        tokens = 0
    }

    mutating func grant(_ wanted: Int, now: ContinuousClock.Instant) -> Grant {
        if let updated { tokens = min(capacity, tokens + rate * (now - updated).seconds) }
        updated = now
        // Tiny writes cost more than they send, so wait for a larger one.
        let least = min(Double(wanted), capacity / 2)
        guard tokens >= least else { return .wait(.seconds((least - tokens) / rate)) }
        let granted = min(Double(wanted), tokens)
        tokens -= granted
        return .bytes(Int(granted))
    }

    mutating func refund(_ count: Int) { tokens += Double(count) }
}

extension Duration {
    /// The duration as a number of seconds.
    package var seconds: Double {
        let parts = components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }
}
