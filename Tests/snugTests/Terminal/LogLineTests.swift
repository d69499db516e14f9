// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugPipeline
import Synchronization
import Testing

@testable import snug

@Suite struct LogLineTests {
    /// The line of a message with a name, in a format of logs.
    private static func line(name: String, format: ServiceConfiguration.Log.Format) -> String {
        var log = ServiceConfiguration.Log()
        log.format = format
        let settings = LogSettings(log, isBesideLines: false)
        let lines = WrittenLines()
        let logger = Logger(label: "test") { label in
            LogLineHandler(label: label, settings: settings) { lines.append($0) }
        }
        logger.notice("took a file", metadata: ["name": .string(name), "all": .array([.string(name)])])
        return lines.text
    }

    @Test(
        "Names in lines for people turn no text around, whatever else is in them",
        arguments: [
            ("a\u{202E}gpj.exe", #"a\u{202e}gpj.exe"#), ("a \u{202E}gpj.exe", #""a \u{202e}gpj.exe""#),
            ("a\u{1B}[31m\u{2066}\n", #""a\u001b[31m\u{2066}\n""#),
        ])
    func escapes(name: String, shown: String) {
        #expect(Self.line(name: name, format: .text).hasSuffix(" notice took a file  all=[\(shown)]  name=\(shown)"))
    }

    @Test("Names in lines for programs are as they are")
    func exact() {
        #expect(Self.line(name: "a\u{202E}gpj.exe", format: .json).contains("\"name\":\"a\u{202E}gpj.exe\""))
    }
}

/// Lines that were written.
private final class WrittenLines: Sendable {
    private let kept = Mutex("")

    var text: String { kept.withLock { $0 } }

    func append(_ line: String) { kept.withLock { $0 += line } }
}
