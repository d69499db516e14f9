// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// An input to be fitted.
package struct InputFile: Sendable, Hashable {
    /// The place of the bytes.
    package enum Origin: Sendable, Hashable {
        case file
        case standardInput
    }
    package var origin = Origin.file
    /// The path by which the input is opened and reported.
    package var path: FilePath
    /// Its place below the output folder.
    package var relative: FilePath
    /// Named by the caller rather than found in a folder: then it has to be an image.
    package var isNamed: Bool
    package var followsLinks: Bool
    /// Size at the time of the walk, for estimates of the time left.
    package var byteCount: Int
    /// The file's state at the time of the walk; for a stream that was read, one that its content alone decides.
    package var state: FileState?
    /// The time of its last change; `nil` for a stream, which has none.
    var modified: Int64? { origin == .file ? state?.modified : nil }

    /// The input that is read from a stream.
    static let stream = InputFile(
        origin: .standardInput, path: "-", relative: "stdin", isNamed: true, followsLinks: false, byteCount: 0)
}
