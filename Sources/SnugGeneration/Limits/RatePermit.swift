// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Leave to send one request.
final class RatePermit: Sendable {
    let id: UInt64
    /// When it was given, seconds since 1970.
    let begun: Double
    private struct State {
        var slot: RequestSlot?
        var counts = true
    }
    private let state: Mutex<State>

    init(id: UInt64, begun: Double, slot: RequestSlot?) {
        self.id = id
        self.begun = begun
        state = Mutex(State(slot: slot))
    }

    /// Says that the request surely never left, so that no provider has counted it.
    func wasNotSent() { state.withLock { $0.counts = false } }

    var counts: Bool { state.withLock { $0.counts } }

    /// Lets another request run in its place.
    func giveBackSlot() async {
        let slot = state.withLock { state in
            defer { state.slot = nil }
            return state.slot
        }
        await slot?.release()
    }
}
