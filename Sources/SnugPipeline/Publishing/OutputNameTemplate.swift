// SPDX-License-Identifier: Apache-2.0
public import SnugImage

/// A pattern for the names of outputs.
///
/// `{stem}` is the input's name without its extension, `{width}` and `{height}` are the output's size.
public struct OutputNameTemplate: Sendable, Hashable {
    private static let ending = Array(".{ext}".utf8)
    private static let stem = Array("{stem}".utf8)

    /// The name without the extension.
    let base: [UInt8]

    /// Text after the stem.
    /// - Throws: `invalid_argument` for text with a slash or a NUL.
    public init(suffix: [UInt8]) throws(ImageError) {
        try Self.check(suffix)
        base = Self.stem + suffix
    }

    /// A pattern that has `{stem}` in it and ends with `.{ext}`.
    /// - Throws: `invalid_argument` for another one.
    public init(pattern: [UInt8]) throws(ImageError) {
        try Self.check(pattern)
        let text = String(decoding: pattern, as: UTF8.self)
        guard pattern.suffix(Self.ending.count).elementsEqual(Self.ending), text.contains("{stem}") else {
            throw ImageError(
                .invalidArgument,
                "'\(text)' does not name every output apart; write {stem} in it, and .{ext} at its end, as in "
                    + "'{stem}-{width}.{ext}'")
        }
        let known: Set = ["stem", "width", "height"]
        let tokens = text.dropLast(Self.ending.count).split(separator: "{", omittingEmptySubsequences: false)
            .dropFirst()
        for token in tokens where !known.contains(String(token.prefix { $0 != "}" })) || !token.contains("}") {
            throw ImageError(
                .invalidArgument, "'{\(token)' is not known in a name; {stem}, {width}, {height} and {ext} are")
        }
        base = Array(pattern.dropLast(Self.ending.count))
    }

    /// The stem of an output's name; the size is filled in later.
    func stem(of stem: [UInt8]) -> [UInt8] { Self.replace(Self.stem, in: base, by: stem) }

    /// True when names depend on the output's size, which is known once it is made.
    var hasSize: Bool { String(decoding: base, as: UTF8.self).contains(#/\{(width|height)\}/#) }

    /// A name with the output's size in it.
    static func fill(_ name: [UInt8], width: Int, height: Int) -> [UInt8] {
        let withWidth = replace(Array("{width}".utf8), in: name, by: Array(String(width).utf8))
        return replace(Array("{height}".utf8), in: withWidth, by: Array(String(height).utf8))
    }

    private static func check(_ text: [UInt8]) throws(ImageError) {
        guard !text.isEmpty, !text.contains(0x2F), !text.contains(0) else {
            throw ImageError(
                .invalidArgument,
                "'\(String(decoding: text, as: UTF8.self))' is no part of a file's name; leave out '/'")
        }
    }

    private static func replace(_ token: [UInt8], in text: [UInt8], by value: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let byte = rest.first {
            if rest.starts(with: token) {
                result += value
                rest = rest.dropFirst(token.count)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
