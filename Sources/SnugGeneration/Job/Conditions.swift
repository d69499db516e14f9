// SPDX-License-Identifier: Apache-2.0

/// Time and chance at the moment of a decision.
struct Conditions: Sendable {
    /// Seconds since 1970.
    var now = 0
    /// Time left for the whole call; `nil` for no limit.
    var remaining: Duration?
    /// 0…1.
    var random = 0.5
}
