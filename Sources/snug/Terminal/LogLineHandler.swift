// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugPipeline
import SnugSystem

/// Writes logs to standard error: lines for people, or one JSON object a line.
struct LogLineHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let settings: LogSettings
    /// The level of a copy that has one of its own.
    private var ownLevel: Logger.Level?
    /// Takes a finished line.
    private let write: @Sendable (String) -> Void

    init(label: String, settings: LogSettings, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.write = write
        self.settings = settings
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? settings.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let pairs = all.sorted { $0.key < $1.key }
        let time = CalendarTime.utc(milliseconds: WallClock.milliseconds)
        switch settings.format {
        case .json:
            var line: JSONValue = [
                "time": .text(time), "level": .text(event.level.rawValue), "logger": .text(label),
                "message": .text(event.message.description),
            ]
            for (key, value) in pairs where line[key] == nil { line.append(key, Self.json(value)) }
            write(line.description)
        case .text:
            let values = pairs.map { "  \($0.key)=\(Self.text($0.value))" }.joined()
            write("\(time) \(event.level.rawValue) \(PrintableName.escaped(event.message.description))\(values)")
        }
    }

    private static func json(_ value: Logger.MetadataValue) -> JSONValue {
        switch value {
        case .string(let text): .text(text)
        case .stringConvertible(let value): .text(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .members(values.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
        }
    }

    /// The value, in quotes where it would not read as one word.
    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .array(let values): return "[\(values.map(text).joined(separator: ", "))]"
        case .dictionary, .string, .stringConvertible:
            let text = "\(value)"
            let isWord = !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" }
            // JSON escapes control characters, and leaves those that turn text around.
            return PrintableName.escaped(isWord ? text : JSONValue.text(text).description)
        }
    }
}
