// SPDX-License-Identifier: Apache-2.0
import CPlatform
package import SystemPackage

/// The service manager that started this process, such as systemd: it is told when the service is ready, reloads, stops and
/// lives (sd_notify(3)).
package struct ServiceManager: Sendable {
    /// The socket: a file, or an abstract name after `@`.
    private let socket: String
    /// The longest time between two signs of life; `nil` when none are expected.
    package let watchdogInterval: Duration?

    /// The manager that the environment names; `nil` without one.
    package init?(environment: (String) -> String? = Machine.environment) {
        guard let socket = environment("NOTIFY_SOCKET"), socket.hasPrefix("/") || socket.hasPrefix("@") else {
            return nil
        }
        self.socket = socket
        let isOurs = environment("WATCHDOG_PID").map { $0 == String(Machine.processID) } ?? true
        let microseconds = environment("WATCHDOG_USEC").flatMap { Int($0) } ?? 0
        watchdogInterval = isOurs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// A message to the manager.
    package enum Message: Sendable {
        case ready, stopping, alive
        /// With the time since boot, as systemd requires it of a service of the type `notify-reload`.
        case reloading
        /// A line for `systemctl status`.
        case status(String)
        /// Asks for more time to stop.
        case extendStop(Duration)

        fileprivate var text: String {
            switch self {
            case .ready: "READY=1"
            case .stopping: "STOPPING=1"
            case .alive: "WATCHDOG=1"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.microseconds)"
            case .status(let line): "STATUS=\(line.split(whereSeparator: \.isNewline).joined(separator: " "))"
            case .extendStop(let time): "EXTEND_TIMEOUT_USEC=\(Int(time / .microseconds(1)))"
            }
        }
    }

    /// Sends messages, all at once. It does not wait.
    package func send(_ messages: Message...) throws(Errno) {
        let error = unsafe snug_notify_service_manager(socket, messages.map(\.text).joined(separator: "\n"))
        if error != 0 { throw Errno(rawValue: error) }
    }
}
