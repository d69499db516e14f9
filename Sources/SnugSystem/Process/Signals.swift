// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Glibc

/// The signals that a command handles.
package enum Signals {
    package static let interrupt = SIGINT
    package static let terminate = SIGTERM
    package static let hangUp = SIGHUP

    /// Makes writes to a closed pipe, and past a limit on file sizes, fail with their reason instead of ending the process.
    package static func ignoreFailingWrites() {
        _ = signal(SIGPIPE, SIG_IGN)
        _ = signal(SIGXFSZ, SIG_IGN)
    }

    /// Calls `body` on a thread of its own for each of the signals that arrives. Call it once, first of all.
    ///
    /// Without a pipe or a thread the system's rules stay in force: signals end the process.
    package static func watch(_ numbers: [Int32], _ body: @escaping @Sendable (Int32) -> Void) {
        let pipe = unsafe snug_watch_signals(numbers, Int32(numbers.count))
        guard pipe >= 0 else { return }
        do {
            try DetachedThread.start {
                var number: UInt8 = 0
                while true {
                    let count = unsafe read(pipe, &number, 1)
                    if count == 1 { body(Int32(number)) } else if count == 0 || errno != EINTR { return }
                }
            }
        } catch {
            for number in numbers { _ = signal(number, SIG_DFL) }
        }
    }

    /// Ends the process at once, without any of its own clean-up.
    package static func exitNow(_ code: Int32) -> Never { _exit(code) }
}

/// The C library's treatment of freed memory, for the whole process.
package enum Allocator {
    /// Returns freed image memory to the system at once, which takes a quarter off the peak of a folder fit for 2 % of its
    /// CPU. Call it once, before there are other threads.
    package static func returnFreedMemory() { snug_return_freed_memory() }
}
