// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

/// The built program with a terminal for its messages, and with signals.
@Suite struct TerminalTests {
    private let folder: TemporaryFolder
    private var snug: CommandRunner

    init() throws {
        folder = try TemporaryFolder()
        snug = try CommandRunner(folder: folder.path)
        snug.errorStream = .terminal(columns: 60)
        for name in ["in/a.png", "in/b.png", "in/c.png"] { try folder.write(PNGBuilder().bytes, to: name) }
    }

    private static let clear = "\r\u{1B}[K"

    @Test("A terminal sees one line that updates within its width and is gone at the end, then the table")
    func progress() throws {
        let result = try snug.run(["fit", "in", "-o", "out"])
        #expect(result.exitCode == 0)
        let parts = result.standardError.split(separator: Self.clear, omittingEmptySubsequences: false)
        #expect(parts.count >= 3)
        #expect(parts[1].contains("0/3"))
        for line in parts.dropFirst().dropLast() { #expect(line.count < 60 && !line.contains("\n")) }
        let table = try #require(parts.last)
        #expect(table.hasPrefix("done    images"))
        #expect(table.contains("\u{1B}[32mcopied"))
    }

    @Test("NO_COLOR turns colours off and leaves the line")
    func noColour() throws {
        var snug = snug
        snug.environment["NO_COLOR"] = "1"
        let text = try snug.run(["fit", "in", "-o", "out"]).standardError
        #expect(text.contains(Self.clear) && !text.contains("\u{1B}[3"))
    }

    @Test("A dumb terminal, and no terminal, get plain lines")
    func plain() throws {
        var dumb = snug
        dumb.environment["TERM"] = "dumb"
        var piped = snug
        piped.errorStream = .pipe
        for (runner, output) in [(dumb, "out1"), (piped, "out2")] {
            let text = try runner.run(["fit", "in", "-o", output]).standardError
            #expect(!text.contains("\u{1B}"))
            #expect(text.contains("in/a.png → \(output)/a.png: copied"))
        }
    }

    @Test("Standard output that is a terminal, or an input that is one, is no place for an image")
    func images() throws {
        var snug = snug
        snug.program = "/bin/sh"
        let program = try CommandRunner(folder: folder.path).program.string
        let output = try snug.run(["-c", "'\(program)' fit in/a.png -o - >&2"])
        #expect(output.exitCode == 64)
        #expect(output.standardError.contains("standard output is a terminal"))
        let input = try snug.run(["-c", "'\(program)' fit - -o out <&2"])
        #expect(input.exitCode == 64)
        #expect(input.standardError.contains("which is a terminal"))
    }

    @Test("A signal ends a run with 130, says so, and leaves nothing half-written", arguments: [SIGINT, SIGTERM])
    func signals(number: Int32) throws {
        var sent = false
        // Standard input stays open and silent, so the run cannot end by itself.
        let arguments = ["fit", "-", "-o", "out"].map { Array($0.utf8) }
        let result = try snug.run(arguments, input: nil) { process, text in
            if !sent, text.contains("0/1") {
                sent = true
                kill(process, number)
            }
        }
        #expect(sent)
        #expect(result.exitCode == 130)
        #expect(result.standardError.contains("Interrupted"))
        #expect(!folder.files().contains { $0.hasPrefix("out/") || $0.contains(".snug-") })
    }

    @Test("A command that has nothing to put in order ends on the first signal")
    func endsAtOnce() throws {
        var sent = false
        var snug = snug
        snug.program = "/bin/sh"
        let program = try CommandRunner(folder: folder.path).program.string
        // Waits for its input, like the run above, but reads headers only. The shell tells its process first.
        let script = "echo $$ >&2; exec '\(program)' inspect -"
        let result = try snug.run(["-c", script].map { Array($0.utf8) }, input: nil) { process, _ in
            if !sent {
                sent = true
                kill(process, SIGTERM)
            }
        }
        // Ended by our own code, or by the system where the signal came before the program was there.
        #expect(result.exitCode == 130 || result.exitCode == 128 + SIGTERM)
    }
}
