// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
public import SystemPackage

/// A file open for reading at any offset, shared by any number of requests.
public final class BodyFile: Sendable {
    /// The facts that identify the content of a file.
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
    /// Nanoseconds since 1970 at the last change of content or attributes, when it was opened; nobody can set it back.
    package let changed: Int64
    private let file: FileDescriptor

    /// Bytes in the file when it was opened.
    public var byteCount: Int { identity.byteCount }

    /// Opens a regular file; anything else could block for ever.
    /// - Throws: `body_failed`.
    public init(_ path: FilePath) throws(HTTPError) {
        do throws(Errno) {
            file = try FileDescriptor.opening(path, .readOnly, options: .nonBlocking)
        } catch {
            throw Self.failure("open", error)
        }
        do {
            (identity, changed) = try Self.examine(file)
        } catch {
            file.closeIgnoringErrors()
            throw error
        }
    }

    /// Stands in for a file that is not there any more: it has no bytes.
    package init(empty: ()) throws(HTTPError) {
        do throws(Errno) {
            file = try FileDescriptor.opening("/dev/null", .readOnly)
        } catch {
            throw Self.failure("open", error)
        }
        identity = Identity(device: 0, inode: 0, byteCount: 0, modified: 0)
        changed = 0
    }

    deinit { file.closeIgnoringErrors() }

    /// The identity as it is now, to be compared with ``identity``.
    public func currentIdentity() throws(HTTPError) -> Identity { try Self.examine(file).identity }

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
        let count: Int
        do {
            count = try unsafe file.read(fromAbsoluteOffset: Int64(offset), into: buffer)
        } catch {
            throw Self.failure("read", Errno(error))
        }
        guard count > 0 else {
            throw HTTPError(
                .bodyFailed, "the file became shorter while it was sent; send it again once nothing writes to it")
        }
        return count
    }

    private static func examine(_ file: FileDescriptor) throws(HTTPError) -> (identity: Identity, changed: Int64) {
        let found: FileIdentity
        do throws(Errno) { found = try file.identity() } catch { throw failure("examine", error) }
        guard found.kind == .file else {
            throw HTTPError(.bodyFailed, "only regular files can be sent; this is a folder, a pipe or a device")
        }
        let identity = Identity(
            device: found.device, inode: found.inode, byteCount: found.byteCount, modified: found.modified)
        return (identity, found.changed)
    }

    private static func failure(_ verb: String, _ reason: Errno) -> HTTPError {
        HTTPError(.bodyFailed, "cannot \(verb) the file to send: \(reason)")
    }
}
