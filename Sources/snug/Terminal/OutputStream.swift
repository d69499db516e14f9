// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import Synchronization
import SystemPackage

/// Standard output or standard error.
///
/// Written without a buffer, one call a line or chunk, so that lines of several threads do not mix and nothing is lost
/// when the process ends.
final class OutputStream: Sendable {
    static let standardOutput = OutputStream(.standardOutput)
    static let standardError = OutputStream(.standardError)

    private let descriptor: FileDescriptor
    private let failed = Mutex<Errno?>(nil)

    /// A stream over a descriptor that stays open.
    init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    /// True when a person reads this as it comes.
    var isTerminal: Bool { descriptor.isTerminal }

    /// The reason why writing has failed; nothing is written after that.
    var failure: Errno? { failed.withLock { $0 } }

    /// True when the reader of the stream is gone.
    var readerIsGone: Bool { failure == .brokenPipe }

    /// Columns of the terminal; `nil` when it does not tell.
    var columns: Int? { descriptor.terminalColumns }

    /// Columns to lay text out for: those of the terminal, or of the environment where it does not tell; `nil` for a file.
    var layoutColumns: Int? { isTerminal ? columns ?? Terminal.columnsByEnvironment : nil }

    /// Writes text and a line end, as far as there is a reader.
    func writeLine(_ text: String) { write(text + "\n") }

    /// Writes text, as far as there is a reader.
    func write(_ text: String) {
        failed.withLock { failed in
            guard failed == nil else { return }
            // ``failure`` remembers it, for commands that have to report it.
            do throws(Errno) { try descriptor.writeBytes(text.utf8) } catch { failed = error }
        }
    }

    /// Ends the command with a message when results could not be written.
    ///
    /// A reader that has seen enough is no failure: `snug profiles | head`.
    func checkDelivered() throws {
        guard let failure, failure != .brokenPipe else { return }
        let error = ImageError(SystemFailure(doing: "write standard output", reason: failure))
        OutputStream.standardError.writeLine("snug: \(error.message) (\(error.code))")
        throw ExitCode(1)
    }
}
