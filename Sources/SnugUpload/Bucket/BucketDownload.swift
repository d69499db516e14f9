// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
internal import SystemPackage

/// A temporary file that an object is written into, and the digest of what it has. Its calls block.
final class BucketDownload {
    private let path: FilePath
    private let destination: FilePath
    private let folder: FilePath
    private let file: FileDescriptor
    private var digest = MessageDigest(.sha256)
    private var isOpen = true
    /// Bytes written so far.
    private(set) var byteCount = 0

    /// Creates the temporary file beside the destination.
    /// - Throws: `file_failed`.
    init(to destination: FilePath) throws(BucketError) {
        let parent = destination.removingLastComponent()
        folder = parent.isEmpty ? FilePath(".") : parent
        path = folder.appending(TemporaryFiles.randomName())
        self.destination = destination
        do throws(Errno) {
            try FileSystem.makeFolders(folder)
            file = try FileDescriptor.opening(
                path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        } catch {
            throw Self.failure("create a file in \(PrintableName.of(parent))", error)
        }
    }

    deinit { discard() }

    /// Adds bytes.
    func write(_ bytes: [UInt8]) throws(BucketError) {
        do throws(Errno) { try file.write(bytes, at: byteCount) } catch {
            throw Self.failure("write \(PrintableName.of(destination))", error)
        }
        digest.update(bytes)
        byteCount += bytes.count
    }

    /// Forgets the bytes so far.
    func startOver() throws(BucketError) {
        do { try file.resize(to: 0) } catch {
            throw Self.failure("cut \(PrintableName.of(destination))", Errno(error))
        }
        digest = MessageDigest(.sha256)
        byteCount = 0
    }

    /// True when the bytes are those that are expected.
    func isComplete(_ content: BucketContent) -> Bool {
        byteCount == content.byteCount && digest.finalize().hexadecimal == content.sha256.lowercased()
    }

    /// Makes the bytes durable and gives the file its name.
    func publish() throws(BucketError) {
        do throws(Errno) {
            try file.synchronize()
            isOpen = false
            try file.closing()
            try FileSystem.rename(path, destination)
            try FileSystem.synchronizeFolder(folder)
        } catch {
            FileSystem.removeIfThere(path)
            throw Self.failure("write \(PrintableName.of(destination))", error)
        }
    }

    /// Removes the temporary file, unless it has its name.
    func discard() {
        guard isOpen else { return }
        isOpen = false
        file.closeIgnoringErrors()
        FileSystem.removeIfThere(path)
    }

    private static func failure(_ doing: String, _ reason: Errno) -> BucketError {
        let failure = SystemFailure(doing: doing, reason: reason)
        return BucketError(.fileFailed, "\(failure); \(failure.remedy)", cause: failure)
    }
}
