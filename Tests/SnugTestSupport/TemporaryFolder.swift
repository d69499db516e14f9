// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport
import Glibc
public import SystemPackage

/// A folder of its own for one test, empty at first and removed with the last reference.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: FilePath
    /// The bytes that every path inside begins with.
    private let prefix: [UInt8]

    /// Makes the folder.
    /// - Parameter parent: Where; the system's folder for temporary files unless given.
    public init(in parent: String? = nil) throws {
        let usual = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
        let base = parent ?? usual ?? "/tmp"
        var template = Array("\(base)/snug-test-XXXXXX".utf8CString)
        let made: FilePath? = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, let path = unsafe mkdtemp(start) else { return nil }
            return unsafe FilePath(platformString: path)
        }
        guard let made else { throw Errno(rawValue: errno) }
        path = made
        prefix = Array("\(made.string)/".utf8)
    }

    deinit {
        // A folder that a test made unreadable stays in the system's temporary folder: no reason to fail.
        for folder in [path, Self.state(beside: path)] {
            unsafe folder.withPlatformString { _ = unsafe snug_test_remove_tree($0) }
        }
    }

    /// The folder of what commands remember, beside a folder that they run in.
    static func state(beside folder: FilePath) -> FilePath { FilePath(folder.string + ".state") }

    /// Writes a file, its folders made as needed.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> FilePath {
        try write(bytes, toName: Array(name.utf8))
    }

    /// Writes a file whose name may be no UTF-8.
    @discardableResult
    public func write(_ bytes: [UInt8], toName name: [UInt8]) throws -> FilePath {
        let file = path(ofName: name)
        let descriptor: FileDescriptor
        do { descriptor = try Self.create(file) } catch Errno.noSuchFileOrDirectory {
            var folder = path
            for component in file.removingLastComponent().components.dropFirst(path.components.count) {
                folder.append(component)
                unsafe folder.withPlatformString { _ = unsafe mkdir($0, 0o777) }
            }
            descriptor = try Self.create(file)
        }
        _ = try descriptor.closeAfter { try descriptor.writeAll(bytes) }
        return file
    }

    private static func create(_ file: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }

    /// Makes a symbolic link.
    public func makeLink(_ name: String, to target: String) throws {
        guard unsafe symlink(target, path.appending(name).string) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Makes a named pipe.
    public func makePipe(_ name: String) throws {
        guard unsafe mkfifo(path.appending(name).string, 0o666) == 0 else { throw Errno(rawValue: errno) }
    }

    /// A file's bytes; `nil` when it is not there.
    public func bytes(of name: String) throws -> [UInt8]? {
        let descriptor: FileDescriptor
        do { descriptor = try FileDescriptor.open(path(ofName: Array(name.utf8)), .readOnly) } catch Errno
            .noSuchFileOrDirectory
        {
            return nil
        }
        return try descriptor.closeAfter {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
                if count == 0 { return bytes }
                bytes += chunk[..<count]
            }
        }
    }

    /// The path of a name inside the folder.
    public func path(ofName name: [UInt8]) -> FilePath {
        // One path from all bytes: tests write thousands of files, and joining paths takes long without optimisation.
        let bytes = prefix + name + [0]
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let start = unsafe bytes.assumingMemoryBound(to: CInterop.PlatformChar.self).baseAddress else {
                return path
            }
            return unsafe FilePath(platformString: start)
        }
    }

    /// Every file below, sorted, as paths relative to the folder; hidden ones too.
    public func files() -> [String] { Self.entries(of: path, below: "").sorted() }

    private static func entries(of folder: FilePath, below prefix: String) -> [String] {
        guard let stream = unsafe folder.withPlatformString({ unsafe opendir($0) }) else { return [] }
        defer { unsafe closedir(stream) }
        var found: [String] = []
        while let entry = unsafe readdir(stream) {
            let bytes = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            let name = String(decoding: bytes, as: UTF8.self)
            if name == "." || name == ".." { continue }
            if unsafe entry.pointee.d_type == 4 {  // DT_DIR
                found += entries(of: folder.appending(name), below: prefix + name + "/")
            } else {
                found.append(prefix + name)
            }
        }
        return found
    }
}
