// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

/// An empty folder in which the built command runs the way a user runs it.
struct CommandFolder {
    let folder: TemporaryFolder
    var runner: CommandRunner

    init() throws {
        folder = try TemporaryFolder()
        runner = try CommandRunner(folder: folder.path)
    }

    /// A JPEG that complies with the default limits.
    static func jpeg(_ width: Int = 16, _ height: Int = 16) -> [UInt8] {
        JPEGBuilder(width: width, height: height).bytes
    }

    /// A JPEG whose comments make it `bytes` larger.
    static func commented(bytes: Int) -> [UInt8] {
        var builder = JPEGBuilder()
        builder.segments = stride(from: 0, to: bytes, by: 60_000).map {
            JPEGBuilder.segment(0xFE, [UInt8](repeating: 0x61, count: min(60_000, bytes - $0)))
        }
        return builder.bytes
    }

    /// Runs `snug` with these arguments.
    @discardableResult
    func snug(_ arguments: String..., input: [UInt8] = []) throws -> CommandResult {
        try runner.run(arguments, input: input)
    }

    /// Runs a line of shell in the folder; `"$SNUG"` is the command.
    func shell(_ line: String) throws -> CommandResult {
        var shell = runner
        shell.program = "/bin/sh"
        shell.environment["SNUG"] = runner.program.string
        shell.environment["PATH"] = "/usr/bin:/bin"
        return try shell.run(["-c", line])
    }

    /// Every object that a run printed.
    static func objects(_ result: CommandResult) throws -> [[String: Any]] {
        try result.lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }
}
