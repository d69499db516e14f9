// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SystemPackage

/// Names for images that are not there yet.
enum ImageNaming {
    /// Bytes of a name made from a prompt.
    static let longestSlug = 60
    /// A name leaves room for numbers and an extension.
    private static let longestName = 220
    private static let extensions: Set<String> = [
        "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "avif", "heic", "heif", "bmp", "tif", "tiff", "svg", "jxl",
    ]

    /// Letters and digits of a prompt with hyphens between its words, of any script; nothing that a shell, a file system
    /// or a terminal reads anything into.
    static func slug(_ prompt: String) -> String {
        var words: [String] = [""]
        for scalar in prompt.lowercased().unicodeScalars {
            let isKept: Bool
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
                isKept = true
            // Marks join the letter before.
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
            if longer.utf8.count <= longestSlug { slug = longer } else if slug.isEmpty { slug = cut(word) }
        }
        return slug.isEmpty ? "image" : slug
    }

    /// As many whole characters as there is room for.
    private static func cut(_ word: String) -> String {
        var kept = ""
        for character in word {
            guard kept.utf8.count + character.utf8.count <= longestSlug else { break }
            kept.append(character)
        }
        return kept
    }

    /// The place that `-o` means.
    static func destination(
        _ output: OutputArgument?, prompt: String, replaces: Bool
    ) throws -> ImageDestination {
        guard let output else {
            return ImageDestination(folder: try WorkingFolder.current(), name: slug(prompt), replaces: replaces)
        }
        let path = try WorkingFolder.absolute(output.path)
        if output.endsInSlash || isFolder(path) {
            return ImageDestination(folder: path, name: slug(prompt), replaces: replaces)
        }
        let bytes = path.nameBytes
        guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty else {
            throw ValidationError("\(PrintableName.of(output.path)) is no name for an image; give one in UTF-8")
        }
        return ImageDestination(
            folder: path.removingLastComponent(), name: try stem(name), replaces: replaces)
    }

    /// A place below a folder, as a line of a batch names it.
    static func destination(
        _ name: String, below folder: FilePath, prompt: String, replaces: Bool
    ) throws -> ImageDestination {
        guard !name.unicodeScalars.contains("\0") else { throw ValidationError("has a NUL in it") }
        let path = FilePath(name)
        guard path.isRelative, !path.components.contains(where: { $0.kind != .regular }), !path.isEmpty else {
            throw ValidationError("has to be a place below the folder of -o, without '..'")
        }
        let place = folder.pushing(path)
        if name.hasSuffix("/") || isFolder(place) {
            return ImageDestination(folder: place, name: slug(prompt), replaces: replaces)
        }
        return ImageDestination(
            folder: place.removingLastComponent(), name: try stem(path.lastComponent?.string ?? ""), replaces: replaces)
    }

    /// A name without the extension of an image, which is the content's.
    private static func stem(_ name: String) throws -> String {
        var stem = name
        if let dot = name.lastIndex(of: "."), dot > name.startIndex,
            extensions.contains(name[name.index(after: dot)...].lowercased())
        {
            stem = String(name[..<dot])
        }
        guard stem != "-" else {
            throw ValidationError("an image cannot go to standard output; name a file or a folder")
        }
        guard stem.utf8.count <= longestName else {
            throw ValidationError("the name has \(stem.utf8.count) bytes; at most \(longestName) are possible")
        }
        return stem
    }

    static func isFolder(_ path: FilePath) -> Bool {
        (try? FileIdentity(of: path, followsLinks: true).kind) == .folder
    }
}
