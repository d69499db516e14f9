// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Typed-error versions of what swift-system has, and what it lacks. They block.
extension FileDescriptor {
    /// Opens a file that no program started meanwhile inherits.
    package static func opening(
        _ path: FilePath, _ mode: AccessMode, options: OpenOptions = [], permissions: FilePermissions? = nil
    ) throws(Errno) -> FileDescriptor {
        do {
            return try open(path, mode, options: options.union(.closeOnExec), permissions: permissions)
        } catch {
            throw Errno(error)
        }
    }

    /// Opens a folder, to sync it or to name files relative to it.
    package static func openFolder(_ path: FilePath) throws(Errno) -> FileDescriptor {
        try opening(path, .readOnly, options: .directory)
    }

    /// Makes the file survive a power cut.
    ///
    /// After a failure the data may be gone, and a second call would hide that: give the file up.
    package func synchronize() throws(Errno) {
        let descriptor = rawValue
        _ = try retryingInterrupted { fsync(descriptor) }
    }

    /// Closes a descriptor whose closing can lose nothing.
    package func closeIgnoringErrors() { try? close() }

    /// Closes the descriptor.
    ///
    /// After an interruption it is gone all the same: closing again could close another thread's file.
    package func closing() throws(Errno) {
        do { try close() } catch {
            let reason = Errno(error)
            if reason != .interrupted { throw reason }
        }
    }

    /// The bytes that there are, at most `maximum`; none at the end.
    package func readSome(maximum: Int) throws(Errno) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: maximum)
        while true {
            do throws(Errno) {
                let count = try retryingInterrupted {
                    unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(rawValue, $0.baseAddress, $0.count) }
                }
                chunk.removeLast(maximum - count)
                return chunk
            } catch .wouldBlock {
                _ = waitUntilReadable(milliseconds: 1000)
            }
        }
    }

    /// The next `maximum` bytes, fewer only at the end.
    package func readBytes(maximum: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        // Grows as bytes come: callers name the most that they take, usually far more than there is.
        var chunk = [UInt8](repeating: 0, count: max(1, min(maximum, 64 * 1024)))
        while bytes.count < maximum {
            let wanted = min(chunk.count, maximum - bytes.count)
            let count = try retryingInterrupted {
                unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(rawValue, $0.baseAddress, wanted) }
            }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    /// Fills a buffer from an offset on.
    /// - Returns: The bytes read: fewer only at the end of the file.
    package func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let result = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.pread(
                    rawValue, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
            }
            let reason = errno
            if result < 0, reason != EINTR { throw Errno(rawValue: reason) }
            if result == 0 { break }
            done += max(result, 0)
        }
        return done
    }

    /// Writes all bytes from an offset on, whatever the position is.
    package func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let count = try retryingInterrupted {
                unsafe bytes.withUnsafeBytes { bytes in
                    unsafe Glibc.pwrite(
                        rawValue, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
                }
            }
            if count == 0 { throw .noSpace }
            done += count
        }
    }

    /// Writes all bytes.
    /// - Throws: `noSpace` also where the system writes nothing without giving a reason.
    package func writeBytes(_ bytes: some Collection<UInt8>) throws(Errno) {
        var failure: Errno?
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            do throws(Errno) { try unsafe writeBuffer(UnsafeRawBufferPointer(buffer)) } catch { failure = error }
        }
        if done == nil { return try writeBytes(Array(bytes)) }
        if let failure { throw failure }
    }

    private func writeBuffer(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let count: Int
            do throws(Errno) {
                count = try retryingInterrupted {
                    unsafe Glibc.write(rawValue, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
                }
            } catch .wouldBlock {
                // A terminal or pipe that another program has set to non-blocking is full now and then.
                _ = waitUntilWritable(milliseconds: 1000)
                continue
            }
            if count == 0 { throw .noSpace }
            done += count
        }
    }

    /// The file that the descriptor is open on, and its state.
    package func identity() throws(Errno) -> FileIdentity { try FileIdentity(of: self) }
}

extension Errno {
    /// The reason in an error of swift-system, whose functions throw nothing else.
    package init(_ error: any Error) { self = error as? Errno ?? .ioError }
}

extension FileDescriptor {
    /// All bytes of a file that is known to be small.
    /// - Throws: `fileTooLarge` beyond `maximum` bytes.
    package static func contents(of path: FilePath, maximum: Int = 1 << 20) throws(Errno) -> [UInt8] {
        let file = try opening(path, .readOnly)
        defer { file.closeIgnoringErrors() }
        let bytes = try file.readBytes(maximum: maximum + 1)
        if bytes.count > maximum { throw .fileTooLarge }
        return bytes
    }
}
