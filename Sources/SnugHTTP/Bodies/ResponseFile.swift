// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
public import SystemPackage

/// A file that a response is written into as it comes.
///
/// Naming, syncing and renaming are the caller's: only it knows when the whole is complete.
public final class ResponseFile: Sendable {
    private let file: FileDescriptor

    /// Creates the file, or opens the one that is there to continue it.
    /// - Throws: `sink_failed`.
    public init(_ path: FilePath, permissions: UInt32 = 0o600) throws(HTTPError) {
        do throws(Errno) {
            file = try FileDescriptor.opening(
                path, .readWrite, options: [.create, .noFollow],
                permissions: FilePermissions(rawValue: CModeT(permissions)))
        } catch {
            throw Self.failure("create", error)
        }
    }

    deinit { file.closeIgnoringErrors() }

    /// Makes the bytes written so far survive a power cut. Blocks.
    public func synchronize() throws(HTTPError) {
        do throws(Errno) { try file.synchronize() } catch { throw Self.failure("sync", error) }
    }

    func truncate(to byteCount: Int) throws(HTTPError) {
        do { try file.resize(to: Int64(byteCount)) } catch { throw Self.failure("cut", Errno(error)) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(HTTPError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written: Int
            do {
                written = try unsafe file.write(toAbsoluteOffset: Int64(offset + done), rest)
            } catch {
                throw Self.failure("write", Errno(error))
            }
            guard written > 0 else { throw Self.failure("write", .noSpace) }
            done += written
        }
    }

    private static func failure(_ verb: String, _ reason: Errno) -> HTTPError {
        HTTPError(.sinkFailed, "cannot \(verb) the file for the response: \(reason)")
    }
}
