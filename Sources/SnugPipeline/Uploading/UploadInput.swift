// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// A file to upload, and its name at the server.
public struct UploadInput: Sendable, Hashable {
    /// The file; the path may be relative.
    public var file: FilePath
    /// The name below the destination's address: a name, or a relative path where folders are mirrored.
    public var name: FilePath

    /// Names a file.
    /// - Parameters:
    ///   - file: Where it is.
    ///   - name: `nil` for the file's own name without its folders.
    public init(_ file: FilePath, name: FilePath? = nil) {
        self.file = file
        // Standard input has no name of its own.
        self.name = name ?? (file.isDash ? "stdin" : FilePath(root: nil, file.lastComponent.map { [$0] } ?? []))
    }
}
