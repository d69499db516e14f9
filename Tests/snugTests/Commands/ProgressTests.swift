// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import snug

/// The progress line of `snug fit` on narrow terminals.
@Suite struct ProgressTests {
    private let place: CommandFolder
    private static let eraseLine = "\r\u{1B}[K"

    init() throws {
        place = try CommandFolder()
        for index in 0..<8 { try place.folder.write(CommandFolder.jpeg(640, 480), to: "in/\(index).jpg") }
    }

    private func run(columns: Int, environment: [String: String] = [:]) throws -> CommandResult {
        var runner = place.runner
        runner.errorStream = .terminal(columns: columns)
        runner.environment.merge(environment) { $1 }
        return try runner.run(["fit", "in", "-o", "out", "--overwrite", "--max-side", "320", "--jobs", "1"])
    }

    /// What was drawn on the line, one text for each time, and what came after it.
    private func frames(_ result: CommandResult) -> (drawn: [String], end: String) {
        let pieces = result.standardError.components(separatedBy: Self.eraseLine)
        return (pieces.dropFirst().dropLast().map { $0 }, pieces.last ?? "")
    }

    @Test("No frame is as wide as the terminal, however narrow", arguments: [12, 20, 40, 60])
    func neverWraps(columns: Int) throws {
        let drawn = frames(try run(columns: columns)).drawn
        #expect(!drawn.isEmpty)
        for frame in drawn { #expect(TerminalText.width(of: frame) < columns, "\(frame)") }
    }
}
