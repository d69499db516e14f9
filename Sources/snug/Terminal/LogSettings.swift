// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugPipeline
import Synchronization

/// The settings of logs in force, which a reload may change.
final class LogSettings: Sendable {
    /// True while lines on the terminal tell what is not at least a warning.
    private let isBesideLines: Bool
    private let settings: Mutex<ServiceConfiguration.Log>

    init(_ log: ServiceConfiguration.Log, isBesideLines: Bool) {
        self.isBesideLines = isBesideLines
        settings = Mutex(log)
    }

    func change(to log: ServiceConfiguration.Log) { settings.withLock { $0 = log } }

    var format: ServiceConfiguration.Log.Format { settings.withLock { $0.format } }

    var level: Logger.Level {
        let level = Logger.Level(rawValue: settings.withLock { $0.level }.rawValue) ?? .info
        return isBesideLines ? max(level, .warning) : level
    }
}
