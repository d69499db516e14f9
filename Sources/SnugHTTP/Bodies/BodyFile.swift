// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file open for reading by offset, shared by any number of requests at once.
public final class BodyFile: Sendable {
    /// What tells whether a file is still the one it was.
    public struct Identity: Sendable, Hashable {
        /// The file system.
        public var device: UInt64
        /// The file within it.
        public var inode: UInt64
        /// Bytes.
        public var byteCount: Int
        /// Nanoseconds since 1970 at the last change of its content.
        public var modified: Int64

        /// Makes an identity, as when one is read back from a record.
        public init(device: UInt64, inode: UInt64, byteCount: Int, modified: Int64) {
            self.device = device
            self.inode = inode
            self.byteCount = byteCount
            self.modified = modified
        }
    }

    /// The file as it was when opened.
    public let identity: Identity
    private let descriptor: Int32

    /// Bytes in the file when it was opened.
    public var byteCount: Int { identity.byteCount }

    /// Opens a regular file; anything else could block for ever.
    /// - Throws: `body_failed`.
    public init(_ path: FilePath) throws(HTTPError) {
        let opened = unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard opened >= 0 else { throw Self.failure("open", errno) }
        do {
            identity = try Self.examine(opened)
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// The identity as it is now, to be compared with ``identity``.
    public func currentIdentity() throws(HTTPError) -> Identity { try Self.examine(descriptor) }

    /// Reads up to `count` bytes from `offset` on, fewer only at the end of the file.
    public func bytes(at offset: Int, count: Int) throws(HTTPError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, min(count, byteCount - offset)))
        var done = 0
        while done < bytes.count {
            let at = done
            var failure: HTTPError?
            let read = unsafe bytes.withUnsafeMutableBytes { buffer -> Int in
                do throws(HTTPError) {
                    return try unsafe self.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[at...]), at: offset + at)
                } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            done += read
        }
        return bytes
    }

    /// Reads what is there at `offset`, at least one byte.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(HTTPError) -> Int {
        while true {
            let result = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if result > 0 { return result }
            if result == 0 {
                throw HTTPError(
                    .bodyFailed, "the file became shorter while it was sent; send it again once nothing writes to it")
            }
            if errno != EINTR { throw Self.failure("read", errno) }
        }
    }

    private static func examine(_ descriptor: Int32) throws(HTTPError) -> Identity {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure("examine", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw HTTPError(.bodyFailed, "only regular files can be sent; this is a folder, a pipe or a device")
        }
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino),
            byteCount: Int(status.st_size), modified: Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec)
        )
    }

    private static func failure(_ verb: String, _ code: Int32) -> HTTPError {
        let reason = unsafe String(cString: strerror(code))
        return HTTPError(.bodyFailed, "cannot \(verb) the file to send: \(reason)")
    }
}
