// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// The way in which changes of a watched folder are noticed.
package enum WatchMode: Sendable, Hashable, CustomStringConvertible {
    /// The system reports them; a regular scan makes sure of it.
    case events
    /// The folder is looked at again and again.
    case polling(Reason)

    /// The cause of polling.
    package enum Reason: Sendable, Hashable {
        /// The configuration says so.
        case requested
        /// A file system whose events get lost, by its name.
        case fileSystem(String)
        /// A file was created, and no event came.
        case noEventsArrived
        /// No file can be created to find out.
        case cannotProbe(Errno)
        /// The user has no watches left. With the folders that need one, and the limit where it is known.
        case watchesExhausted(needed: Int, limit: Int?)
        /// The system has no more event queues, or none at all.
        case unavailable(Errno)
    }

    /// The word in JSON and metrics.
    package var name: String {
        switch self {
        case .events: "events"
        case .polling: "polling"
        }
    }

    /// The mode, its reason, and the remedy where there is one.
    package var description: String {
        switch self {
        case .events: "events"
        case .polling(let reason): "polling: \(reason)"
        }
    }

    /// True where trying again later makes sense.
    var mayRecover: Bool {
        switch self {
        case .polling(.watchesExhausted), .polling(.cannotProbe), .polling(.noEventsArrived): true
        default: false
        }
    }
}

extension WatchMode.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .requested: "as configured"
        case .fileSystem(let name): "the folder is on \(name), where changes made elsewhere cause no events"
        case .noEventsArrived: "a test file caused no event"
        case .cannotProbe(let reason): "no test file can be created in the folder (\(reason))"
        case .unavailable(let reason):
            "the system has no event queue left (\(reason)); raise fs.inotify.max_user_instances with "
                + "'sysctl fs.inotify.max_user_instances=1024'"
        case .watchesExhausted(let needed, let limit):
            "the folder needs \(needed) watches and too few of the system's "
                + (limit.map(String.init) ?? "unknown number") + " are left; raise the limit with "
                + "'sysctl fs.inotify.max_user_watches=\(Self.suggestedLimit(needed: needed, limit: limit))'"
        }
    }

    /// Twice of what there is or is needed, as a power of two.
    static func suggestedLimit(needed: Int, limit: Int?) -> Int {
        let wanted = max(needed, limit ?? 0, 8192)
        var suggestion = 8192
        while suggestion < wanted, suggestion < 1 << 40 { suggestion *= 2 }
        return suggestion * 2
    }
}
