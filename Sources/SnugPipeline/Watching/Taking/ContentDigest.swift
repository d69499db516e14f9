// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// The SHA-256 of a file's content, by which the same work is recognised under any name.
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    package let bytes: [UInt8]

    private static let chunkBytes = 1 << 17

    /// Reads a file to its end. It blocks.
    /// - Returns: `nil` when the file changed meanwhile.
    package static func of(_ path: FilePath) throws(Errno) -> ContentDigest? {
        let file = try FileDescriptor.opening(path, .readOnly, options: [.noFollow, .nonBlocking])
        defer { file.closeIgnoringErrors() }
        let before = try file.identity()
        guard before.kind == .file else { throw .invalidArgument }
        var hash = MessageDigest(.sha256)
        var count = 0
        // Most files are small: one byte more than there should be shows the end at once.
        var buffer = [UInt8](repeating: 0, count: max(1, min(before.byteCount + 1, chunkBytes)))
        while true {
            var span = buffer.mutableSpan
            let read = try file.read(into: &span, at: count)
            hash.update(buffer[..<read])
            count += read
            if read < buffer.count { break }
        }
        let after = try file.identity()
        guard FileVersion(before).hasSameContent(as: FileVersion(after)), count == after.byteCount else { return nil }
        return ContentDigest(bytes: hash.finalize())
    }

    package var description: String { bytes.hexadecimal }
}
