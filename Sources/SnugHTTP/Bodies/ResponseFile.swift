// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that answers are written into as they come.
///
/// Naming, syncing and renaming are the caller's: only it knows when the whole is complete.
public final class ResponseFile: Sendable {
    private let descriptor: Int32

    /// Creates the file, or opens the one that is there for going on with it.
    /// - Throws: `sink_failed`.
    public init(_ path: FilePath, permissions: UInt32 = 0o600) throws(HTTPError) {
        let opened = unsafe path.withPlatformString {
            unsafe open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_t(permissions))
        }
        guard opened >= 0 else { throw Self.failure("create", errno) }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// Makes what was written survive a power cut. Blocks.
    public func synchronize() throws(HTTPError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", errno) }
    }

    func truncate(to byteCount: Int) throws(HTTPError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw Self.failure("cut", errno) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(HTTPError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if written > 0 {
                done += written
            } else if written == 0 || errno != EINTR {
                throw Self.failure("write", errno)
            }
        }
    }

    private static func failure(_ verb: String, _ code: Int32) -> HTTPError {
        let reason = unsafe String(cString: strerror(code))
        return HTTPError(.sinkFailed, "cannot \(verb) the file for the answer: \(reason)")
    }
}
