// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem

/// The text of server-sent events (WHATWG HTML §9.2): the state when it changed, and a comment when nothing did for long.
///
/// The id of an event is a digest of its state. So a client that comes back with the last id it saw gets what it missed, and
/// nothing twice, whichever process it comes back to.
struct EventStream: Sendable {
    /// The longest silence, which keeps proxies from closing the connection.
    static let heartbeat = Duration.seconds(15)

    private var lastID: String?
    private var lastWrite: ContinuousClock.Instant?

    /// Begins a stream, or resumes one.
    /// - Parameter lastID: The id that the client saw last.
    init(after lastID: String?) { self.lastID = lastID }

    /// The text to send now; `nil` for nothing.
    mutating func text(for state: JSONValue, event: String, now: ContinuousClock.Instant) -> String? {
        // One line: JSON escapes line breaks.
        let data = state.description
        let id = Array(MessageDigest.sha256(Data(data.utf8)).prefix(8)).hexadecimal
        if id != lastID {
            lastID = id
            lastWrite = now
            return "id: \(id)\nevent: \(event)\ndata: \(data)\n\n"
        }
        if let lastWrite, now - lastWrite < Self.heartbeat { return nil }
        lastWrite = now
        return ": nothing new\n\n"
    }
}
