// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// The place of an image.
public struct ImageDestination: Sendable, Hashable {
    /// The folder, made when it is not there.
    public var folder: FilePath
    /// The name without extension, which is the content's: `cat` becomes `cat.png` or `cat.jpg`.
    public var name: String
    /// The extension that the file has to have: an image of another format is converted. `nil` takes the content's.
    public var fileExtension: String?
    /// True replaces a file of that name. Else the image becomes `cat-2.png` and so on; a file with the very same
    /// bytes counts as the image.
    public var replaces: Bool

    /// Names a place.
    public init(folder: FilePath, name: String, fileExtension: String? = nil, replaces: Bool = false) {
        self.folder = folder
        self.name = name
        self.fileExtension = fileExtension
        self.replaces = replaces
    }
}
