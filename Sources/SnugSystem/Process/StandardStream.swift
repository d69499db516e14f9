// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Standard input, output and error of this process.
package enum StandardStreams {
    /// Keeps the places of streams that the process was started without (`<&-`), so that no file or pipe that it opens later gets
    /// the number of one. Reading or writing such a stream fails as it would have before. Call it once, first of all.
    package static func keepPlaces() {
        for (descriptor, other) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is the stream's own: those below it are taken by now.
            _ = unsafe open("/dev/null", other)
        }
    }
}

/// Calls on descriptors that may be pipes or terminals.
extension FileDescriptor {
    /// True for a terminal.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Columns of the terminal; `nil` when it does not tell.
    package var terminalColumns: Int? {
        var size = winsize()
        guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Waits until there is something to read, or the other end is closed. Blocks for at most `milliseconds`.
    package func waitUntilReadable(milliseconds: Int32) -> Bool { wait(POLLIN, milliseconds) }

    /// Waits until something can be written. Blocks for at most `milliseconds`.
    package func waitUntilWritable(milliseconds: Int32) -> Bool { wait(POLLOUT, milliseconds) }

    private func wait(_ events: Int32, _ milliseconds: Int32) -> Bool {
        var request = pollfd(fd: rawValue, events: Int16(events), revents: 0)
        return unsafe poll(&request, 1, milliseconds) != 0
    }
}
