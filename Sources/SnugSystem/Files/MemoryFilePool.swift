// SPDX-License-Identifier: Apache-2.0
import Synchronization
package import SystemPackage

/// Files in memory that are used again: the system clears every page that it hands out, which takes longer than to fill it.
package final class MemoryFilePool: Sendable {
    /// A file that goes back with its last reference.
    package final class Loan: Sendable {
        package let file: MemoryFile
        private let pool: MemoryFilePool

        fileprivate init(_ file: MemoryFile, _ pool: MemoryFilePool) {
            self.file = file
            self.pool = pool
        }

        deinit { pool.giveBack(file) }
    }

    private struct Idle {
        var files: [MemoryFile] = []
        var bytes = 0
        /// The least number of files that were idle at once since the last look: nobody has needed them.
        var unused = 0
    }

    private let capacity: Int
    private let keptBytes: Int
    private let idle = Mutex(Idle())

    /// - Parameters:
    ///   - capacity: The most bytes in a file.
    ///   - keptBytes: Memory that files hold between two uses, all together.
    package init(capacity: Int, keptBytes: Int) {
        self.capacity = capacity
        self.keptBytes = keptBytes
    }

    /// Memory that is held for the next files.
    package var idleBytes: Int { idle.withLock { $0.bytes } }

    /// An empty file.
    /// - Throws: `noMemory`, `tooManyOpenFiles`.
    package func take() throws(Errno) -> Loan {
        let kept = idle.withLock { idle in
            let file = idle.files.popLast()
            idle.bytes -= file?.reservedBytes ?? 0
            idle.unused = min(idle.unused, idle.files.count)
            return file
        }
        if let kept { return Loan(kept, self) }
        return Loan(try MemoryFile(capacity: capacity), self)
    }

    private func giveBack(_ file: MemoryFile) {
        file.removeAll()
        idle.withLock { idle in
            guard file.reservedBytes <= keptBytes - idle.bytes else { return }
            idle.files.append(file)
            idle.bytes += file.reservedBytes
        }
    }

    /// Lets go of the files that nobody has needed since the last call.
    package func trim() {
        let dropped = idle.withLock { idle in
            let dropped = Array(idle.files.prefix(idle.unused))
            idle.files.removeFirst(dropped.count)
            idle.bytes -= dropped.reduce(0) { $0 + $1.reservedBytes }
            idle.unused = idle.files.count
            return dropped
        }
        // They end here, outside the lock.
        withExtendedLifetime(dropped) {}
    }
}
