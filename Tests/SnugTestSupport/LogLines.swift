// SPDX-License-Identifier: Apache-2.0
public import Logging
import Synchronization

/// Everything that is logged.
public final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    /// No line yet.
    public init() {}

    /// Messages with their metadata, in order.
    public var all: [String] { kept.withLock { $0 } }

    /// What writes here, from trace level on.
    public var logger: Logger {
        var logger = Logger(label: "test") { [self] _ in Handler(lines: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.kept.withLock { $0.append("\(event.message) \(metadata) \(event.metadata ?? [:])") }
        }
    }
}
