// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// The SHA-256 of a file's content, by which the same work is recognised under any name.
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// Reads a file to its end. It blocks.
    /// - Returns: `nil` when the file changed meanwhile.
    package static func of(_ path: FilePath) throws(Errno) -> ContentDigest? {
        let folder = try OpenFolder(path.removingLastComponent())
        let file = try folder.openFile(RelativePath(bytes: path.bytes).name)
        defer { file.closeIgnoringErrors() }
        let before = try file.identity()
        guard before.kind == .file else { throw .invalidArgument }
        var hash = MessageDigest(.sha256)
        var count = 0
        while true {
            let chunk = try file.readBytes(maximum: 1 << 18)
            if chunk.isEmpty { break }
            hash.update(chunk)
            count += chunk.count
        }
        let after = try file.identity()
        guard FileVersion(before).hasSameContent(as: FileVersion(after)), count == after.byteCount else { return nil }
        return ContentDigest(bytes: hash.finalize())
    }

    package var description: String { bytes.hexadecimal }
}
