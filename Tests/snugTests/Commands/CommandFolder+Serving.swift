// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport

extension CommandFolder {
    /// Runs `snug serve` or `snug watch` until it listens, does something, and stops it with a signal.
    func serve(
        _ command: String = "serve", _ arguments: [String] = [], signal number: Int32 = SIGTERM,
        _ body: (_ port: Int) throws -> Void
    ) throws -> CommandResult {
        var failure: (any Error)?
        var isDone = false
        let words = [command, "--listen", "127.0.0.1:0"] + arguments
        let result = try runner.run(words.map { Array($0.utf8) }, input: []) { process, text in
            guard !isDone, let match = text.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:([0-9]+)\n/),
                let port = Int(match.output.1)
            else { return }
            isDone = true
            do { try body(port) } catch { failure = error }
            kill(process, number)
        }
        if let failure { throw failure }
        return result
    }
}
