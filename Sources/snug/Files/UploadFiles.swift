// SPDX-License-Identifier: Apache-2.0
import SnugUpload
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Receipts and small text files of the upload command.
enum ReceiptFile {
    /// Keeps a receipt under the file's name and the time, so that none replaces another.
    static func write(_ receipt: UploadReceipt, in directory: FilePath, for file: FilePath) throws -> FilePath {
        let name = file.lastComponent?.string ?? "file"
        let base = try WorkingFolder.absolute(directory).appending("receipts")
        return try receipt.keep(in: base, named: "\(name).\(time(nil)).\(UInt16.random(in: .min ... .max))")
    }

    /// The lines of a small file.
    static func lines(_ path: FilePath) throws -> [String] {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        } catch {
            throw UploadError(.sourceFailed, "cannot read \(path): \(error)")
        }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = try file.closeAfter { unsafe try bytes.withUnsafeMutableBytes { unsafe try file.read(into: $0) } }
        return String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }
}

/// The folder that relative paths begin at.
enum WorkingFolder {
    static func current() throws -> FilePath {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard unsafe getcwd(&buffer, buffer.count) != nil else {
            throw UploadError(.sourceFailed, "the current folder is gone; change to another")
        }
        return FilePath(bytes: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)))
    }

    /// A path as a person standing in this folder would write it.
    static func shown(_ path: FilePath) -> FilePath {
        var path = path
        guard let here = try? current(), path.starts(with: here), path != here else { return path }
        _ = path.removePrefix(here)
        return path
    }

    static func absolute(_ path: FilePath) throws -> FilePath { path.isAbsolute ? path : try current().pushing(path) }
}

/// Standard input as a file: it has to be read again after every fault, and a pipe cannot be.
final class SpooledInput {
    let path: FilePath

    /// Copies standard input to its end.
    init(near directory: FilePath) throws {
        let folder = try WorkingFolder.absolute(directory)
        _ = try FileUploadStore(folder)
        path = folder.appending("stdin.\(TemporaryFiles.randomName())")
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        try file.closeAfter {
            var buffer = [UInt8](repeating: 0, count: 256 * 1024)
            while true {
                try Task.checkCancellation()
                let count = unsafe try buffer.withUnsafeMutableBytes {
                    unsafe try FileDescriptor.standardInput.read(into: $0)
                }
                if count == 0 { return }
                _ = unsafe try buffer.withUnsafeBytes { unsafe try file.writeAll($0.prefix(count)) }
            }
        }
    }

    deinit { _ = unsafe path.withPlatformString { unsafe unlink($0) } }
}
