// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Glibc
package import SystemPackage

/// A file in memory without a name, which is written once and then never changes: not even a process that it is handed to can
/// change it.
package struct MemoryFile: ~Copyable {
    private let descriptor: Int32
    /// Bytes in the file.
    package private(set) var byteCount = 0

    /// - Throws: `noMemory`, `tooManyOpenFiles`.
    package init() throws(Errno) {
        descriptor = snug_memory_file()
        guard descriptor >= 0 else { throw .current }
    }

    deinit { _ = close(descriptor) }

    /// Adds bytes at the end.
    /// - Throws: `noMemory`, `noSpace`.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let offset = off_t(byteCount)
            let written = try retryingInterrupted {
                unsafe pwrite(descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, offset)
            }
            guard written > 0 else { throw .noSpace }
            done += written
            byteCount += written
        }
    }

    /// Ends the writing.
    /// - Returns: A descriptor of the file, which is the caller's to close.
    package consuming func sealed() throws(Errno) -> FileDescriptor {
        guard snug_memory_file_seal(descriptor) == 0 else { throw .current }
        // Opened for itself: this value closes its own.
        let copy = try retryingInterrupted { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
        return FileDescriptor(rawValue: copy)
    }
}
