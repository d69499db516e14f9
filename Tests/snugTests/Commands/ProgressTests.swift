// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import snug

/// What a person at a terminal sees of `snug fit`.
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

    @Test("One line shows done of total, redraws in place, and gives way to the summary")
    func drawsOneLine() throws {
        let result = try run(columns: 80)
        #expect(result.exitCode == 0)
        let (drawn, end) = frames(result)
        #expect(drawn.first?.hasPrefix("[") == true && drawn.first?.contains("0/8") == true)
        #expect(drawn.count > 1 && drawn.allSatisfy { $0.contains("/8") && !$0.contains("\n") }, "\(drawn)")
        #expect(end.contains("fitted") && end.contains("saved") && !end.contains("/8"))
    }

    @Test("No frame is as wide as the terminal, however narrow", arguments: [12, 20, 40, 60])
    func neverWraps(columns: Int) throws {
        let drawn = frames(try run(columns: columns)).drawn
        #expect(!drawn.isEmpty)
        for frame in drawn { #expect(TerminalText.width(of: frame) < columns, "\(frame)") }
    }

    @Test("NO_COLOR takes the colours away and leaves the line")
    func noColour() throws {
        #expect(try run(columns: 80).standardError.contains("\u{1B}[32m"))
        let plain = try run(columns: 80, environment: ["NO_COLOR": "1"]).standardError
        #expect(plain.contains(Self.eraseLine) && !plain.contains("\u{1B}[3") && !plain.contains("\u{1B}[0m"))
    }

    @Test("A dumb terminal gets plain lines")
    func dumbTerminal() throws {
        let result = try run(columns: 80, environment: ["TERM": "dumb"])
        #expect(!result.standardError.contains("\u{1B}"))
        #expect(result.standardError.contains("in/3.jpg → out/3.jpg: fitted"))
    }

    @Test("--quiet says nothing where all goes well")
    func quiet() throws {
        #expect(try place.snug("fit", "in", "-o", "out", "--quiet").standardError.isEmpty)
    }
}
