// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The open file of an upload. Its calls block.
final class UploadFile: Sendable {
    private let file: FileDescriptor

    init(_ path: FilePath) throws {
        file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
    }

    deinit { file.closeIgnoringErrors() }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) { try file.write(bytes, at: offset) }
    func synchronize() throws(Errno) { try file.synchronize() }
}
