// SPDX-License-Identifier: Apache-2.0

/// The times of a request's phases, told apart: a slow client, a full queue and a heavy image are three things.
struct RequestPhases: Sendable, Hashable {
    /// Time from the request's header to the end of its body.
    var receiving: Duration?
    /// Time that the request waited for a worker and for memory.
    var queue: Duration?
    /// Time of the work itself.
    var processing: Duration?

    /// The phases that came to pass, by name.
    var measured: [(name: String, duration: Duration)] {
        [("receiving", receiving), ("queue", queue), ("processing", processing)].compactMap { name, duration in
            duration.map { (name, $0) }
        }
    }

    /// The value of a `Server-Timing` field, in milliseconds.
    var serverTiming: String {
        measured.map { name, duration in
            let tenths = Int((duration / .microseconds(100)).rounded())
            return "\(name);dur=\(tenths / 10).\(tenths % 10)"
        }.joined(separator: ", ")
    }
}
