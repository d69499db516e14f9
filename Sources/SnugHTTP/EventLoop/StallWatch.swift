// SPDX-License-Identifier: Apache-2.0

/// Notices a line on which nothing moves any more, and knows when nothing has to.
///
/// libcurl's own low-speed option runs on while the server thinks, which kills a generation that takes a minute; and it
/// counts what the system has buffered as sent, so that a dead line looks like a thinking server.
struct StallWatch {
    /// The activity of a transfer.
    enum Phase: String {
        case connecting, sending, waiting, receiving
    }

    private let timeout: Duration?
    private(set) var phase = Phase.connecting
    private var bytesMoved = 0
    private var lastMove: ContinuousClock.Instant

    init(timeout: Duration?, start: ContinuousClock.Instant) {
        self.timeout = timeout
        lastMove = start
    }

    /// - Parameters:
    ///   - bytesMoved: Bytes acknowledged plus bytes received: whatever proves that the peer lives.
    ///   - heldBack: Our own side has nothing to send, no room to receive, or a bandwidth limit to keep.
    mutating func observe(_ phase: Phase, bytesMoved: Int, heldBack: Bool, now: ContinuousClock.Instant) {
        if phase != self.phase || bytesMoved != self.bytesMoved || heldBack { lastMove = now }
        self.phase = phase
        self.bytesMoved = bytesMoved
    }

    /// This side has just become ready: the connection was not to blame until now.
    mutating func resume(now: ContinuousClock.Instant) { lastMove = now }

    /// The time at which the connection counts as stalled unless bytes move; `nil` while none have to.
    var expiry: ContinuousClock.Instant? {
        guard let timeout, phase == .sending || phase == .receiving else { return nil }
        return lastMove + timeout
    }
}
