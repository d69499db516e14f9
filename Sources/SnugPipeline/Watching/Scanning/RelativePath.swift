// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// A place below a watched folder, as bytes: names need not be UTF-8.
package struct RelativePath: Hashable, Sendable, CustomStringConvertible {
    /// Names with slashes between; empty for the folder itself.
    package let bytes: [UInt8]

    /// The watched folder itself.
    package static let root = RelativePath(bytes: [])

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// A path written in code.
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// The names on the way down.
    package var names: [[UInt8]] { bytes.split(separator: Self.slash).map(Array.init) }

    /// The last name.
    package var name: [UInt8] {
        bytes.lastIndex(of: Self.slash).map { Array(bytes[($0 + 1)...]) } ?? bytes
    }

    /// The folder that it is in.
    package var folder: RelativePath {
        RelativePath(bytes: bytes.lastIndex(of: Self.slash).map { Array(bytes[..<$0]) } ?? [])
    }

    /// An entry of this folder.
    package func appending(_ name: [UInt8]) -> RelativePath {
        RelativePath(bytes: bytes.isEmpty ? name : bytes + [Self.slash] + name)
    }

    /// The path with a suffix after its name.
    package func adding(suffix: String) -> RelativePath { RelativePath(bytes: bytes + Array(suffix.utf8)) }

    /// True for the folder itself and everything in it.
    package func isAtOrBelow(_ folder: RelativePath) -> Bool {
        folder.bytes.isEmpty || bytes == folder.bytes
            || bytes.count > folder.bytes.count && bytes[folder.bytes.count] == Self.slash
                && bytes.starts(with: folder.bytes)
    }

    /// The path below a folder's own.
    package func path(below root: FilePath) -> FilePath {
        bytes.isEmpty ? root : root.appending(FilePath(bytes: bytes).components)
    }

    /// The path, made safe for a terminal and for logs.
    package var description: String { PrintableName.of(bytes: bytes) }

    private static let slash = UInt8(ascii: "/")
}
