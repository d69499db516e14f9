// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// The names in a folder, as bytes.
///
/// Foundation's listing changes names that are no UTF-8, and those can then not be opened.
package enum FolderListing {
    /// All names but `.` and `..`, sorted by their bytes so that every run sees the same order.
    package static func names(in folder: FilePath) throws(Errno) -> [[UInt8]] {
        guard let stream = unsafe folder.withPlatformString({ unsafe opendir($0) }) else { throw .current }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                // The end and an error look alike, but for errno.
                let reason = Errno.current
                if reason.rawValue != 0 { throw reason }
                break
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The files of a folder whose names end in a suffix, as paths.
    package static func files(in folder: FilePath, suffix: String = "") throws(Errno) -> [FilePath] {
        let end = Array(suffix.utf8)
        return try names(in: folder).filter { $0.suffix(end.count).elementsEqual(end) }
            .map { folder.appending(FilePath(bytes: $0).components) }
    }
}

extension FilePath {
    /// A path from its bytes, which need not be UTF-8.
    package init(bytes: [UInt8]) {
        let terminated = bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
        self = unsafe terminated.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return FilePath() }
            return unsafe FilePath(platformString: base)
        }
    }

    /// The bytes of the path.
    package var bytes: [UInt8] {
        unsafe withPlatformString { pointer in
            unsafe Array(UnsafeBufferPointer(start: pointer, count: strlen(pointer))).map { UInt8(bitPattern: $0) }
        }
    }
}
