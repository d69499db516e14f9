// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugUpload
import SystemPackage

/// A stream kept in a file: an upload reads it again after every fault, and a pipe cannot be.
final class SpooledInput: Sendable {
    let path: FilePath
    /// A name by the content. An upload is recorded under it, so that the next run of the command finds the record.
    let recordName: FilePath
    private static let nameStart = "stdin."

    /// Copies the stream to its end. Blocks.
    /// - Throws: ``UploadError``, `CancellationError`.
    init(copying stream: FileDescriptor, in folder: FilePath) throws {
        let folder = try WorkingFolder.absolute(folder)
        let path = folder.appending(Self.nameStart + TemporaryFiles.randomName())
        do {
            try FileSystem.makeFolders(folder, mode: 0o700)
            TemporaryFiles.sweep(folder, start: Self.nameStart)
            let file = try FileDescriptor.opening(
                path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            let digest = try file.closeAfter { try Self.copy(stream, to: file) }
            self.path = path
            recordName = FilePath(Self.nameStart + digest.hexadecimal)
        } catch let reason as Errno {
            FileSystem.removeIfThere(path)
            throw UploadError(.sourceFailed, "cannot copy standard input to \(PrintableName.of(folder)): \(reason)")
        } catch {
            FileSystem.removeIfThere(path)
            throw error
        }
    }

    /// - Returns: The SHA-256 of all bytes.
    private static func copy(_ stream: FileDescriptor, to file: FileDescriptor) throws -> [UInt8] {
        var digest = MessageDigest(.sha256)
        while true {
            // A pipe may stay silent for ever, and a read of it could not be cancelled.
            repeat { try Task.checkCancellation() } while !stream.waitUntilReadable(milliseconds: 100)
            let bytes = try stream.readSome(maximum: 256 * 1024)
            if bytes.isEmpty { return digest.finalize() }
            digest.update(bytes)
            try file.writeBytes(bytes)
        }
    }

    deinit { FileSystem.removeIfThere(path) }
}
