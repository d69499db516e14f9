// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The open file of an upload. Its calls block.
final class UploadFile: Sendable {
    private let file: FileDescriptor

    /// - Parameter offset: The end of what counts: bytes behind it, of parts that were refused, are removed.
    init(_ path: FilePath, offset: Int) throws {
        file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
        do { try file.resize(to: Int64(offset)) } catch {
            file.closeIgnoringErrors()
            throw error
        }
    }

    deinit { file.closeIgnoringErrors() }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) { try file.write(bytes, at: offset) }
    func synchronize() throws(Errno) { try file.synchronize() }
}
