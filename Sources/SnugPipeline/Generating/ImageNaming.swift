// SPDX-License-Identifier: Apache-2.0
package import SnugGeneration
import SnugSystem
package import SystemPackage

/// Names of images to be generated.
package enum ImageNaming {
    /// Bytes of a name made from a prompt.
    package static let maximumSlugBytes = 60
    /// A name leaves room for numbers and an extension.
    private static let maximumNameBytes = 220
    private static let extensions: Set<String> = [
        "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "avif", "heic", "heif", "bmp", "tif", "tiff", "svg", "jxl",
        "pdf",
    ]

    /// Letters and digits of a prompt, of any script, with hyphens between its words; nothing that a shell, a file system
    /// or a terminal gives a meaning.
    package static func slug(_ prompt: String) -> String {
        var words: [String] = [""]
        for scalar in prompt.lowercased().unicodeScalars {
            let isKept: Bool
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
                isKept = true
            // Marks join the letter before them.
            case .nonspacingMark, .spacingMark: isKept = words.last?.isEmpty == false
            default: isKept = false
            }
            // An apostrophe is inside a word.
            if isKept {
                words[words.count - 1].unicodeScalars.append(scalar)
            } else if scalar != "'", scalar != "\u{2019}", words.last?.isEmpty == false {
                words.append("")
            }
        }
        let slug = words.filter { !$0.isEmpty }.reduce(into: "") { slug, word in
            let longer = slug.isEmpty ? word : slug + "-" + word
            if longer.utf8.count <= maximumSlugBytes { slug = longer } else if slug.isEmpty { slug = cut(word) }
        }
        return slug.isEmpty ? "image" : slug
    }

    /// The longest beginning of whole characters that fits.
    private static func cut(_ word: String) -> String {
        var kept = ""
        for character in word {
            guard kept.utf8.count + character.utf8.count <= maximumSlugBytes else { break }
            kept.append(character)
        }
        return kept
    }

    /// The place that a path stands for: a folder, in which the prompt names the image, or a file.
    /// - Parameters:
    ///   - output: `nil` for the current folder.
    ///   - isFolder: Written as a folder. A path that leads to one is one in any case.
    /// - Throws: ``GenerationError`` with `invalid_request`.
    package static func destination(
        _ output: FilePath?, isFolder: Bool = false, prompt: String, replaces: Bool
    ) throws -> ImageDestination {
        guard let output else {
            return ImageDestination(folder: try WorkingFolder.current(), name: slug(prompt), replaces: replaces)
        }
        let path = try WorkingFolder.absolute(output)
        if isFolder || FileSystem.isFolder(path) {
            return ImageDestination(folder: path, name: slug(prompt), replaces: replaces)
        }
        let bytes = path.nameBytes
        guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty else {
            throw GenerationError(
                .invalidRequest, "\(PrintableName.of(output)) is no name for an image; give one in UTF-8")
        }
        let (stem, fileExtension) = try parts(name)
        return ImageDestination(
            folder: path.removingLastComponent(), name: stem, fileExtension: fileExtension, replaces: replaces)
    }

    /// A place below a folder, as a line of a batch names it.
    package static func destination(
        _ name: String, below folder: FilePath, prompt: String, replaces: Bool
    ) throws -> ImageDestination {
        guard !name.unicodeScalars.contains("\0") else { throw GenerationError(.invalidRequest, "has a NUL in it") }
        let path = FilePath(name)
        guard path.isRelative, !path.components.contains(where: { $0.kind != .regular }), !path.isEmpty else {
            throw GenerationError(.invalidRequest, "has to be a place below the output folder, without '..'")
        }
        let place = folder.pushing(path)
        if name.hasSuffix("/") || FileSystem.isFolder(place) {
            return ImageDestination(folder: place, name: slug(prompt), replaces: replaces)
        }
        let (stem, fileExtension) = try parts(path.lastComponent?.string ?? "")
        return ImageDestination(
            folder: place.removingLastComponent(), name: stem, fileExtension: fileExtension, replaces: replaces)
    }

    /// A name's stem, and the extension of an image that it ends in.
    private static func parts(_ name: String) throws -> (stem: String, fileExtension: String?) {
        var (stem, fileExtension): (String, String?) = (name, nil)
        if let dot = name.lastIndex(of: "."), dot > name.startIndex,
            extensions.contains(name[name.index(after: dot)...].lowercased())
        {
            stem = String(name[..<dot])
            fileExtension = String(name[name.index(after: dot)...])
        }
        guard stem != "-" else {
            throw GenerationError(.invalidRequest, "an image cannot go to standard output; name a file or a folder")
        }
        guard stem.utf8.count <= maximumNameBytes else {
            throw GenerationError(
                .invalidRequest, "the name has \(stem.utf8.count) bytes; at most \(maximumNameBytes) are possible")
        }
        return (stem, fileExtension)
    }
}
