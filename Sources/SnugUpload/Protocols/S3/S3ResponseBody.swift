// SPDX-License-Identifier: Apache-2.0

/// Finds elements in the flat XML of S3's responses.
///
/// S3's XML has no relevant attributes, no comments and no element within one of the same name. A scan for tags is
/// enough, and cannot be made to fetch or expand anything.
struct S3ResponseBody {
    private let text: String

    init(_ body: [UInt8]) { text = String(decoding: body, as: UTF8.self) }

    private init(text: String) { self.text = text }

    /// The text of the first element of a name.
    subscript(name: String) -> String? { first(name, in: text[...]).map { Self.unescaped($0.content) } }

    /// Each element of a name, to be searched in turn.
    func all(_ name: String) -> [S3ResponseBody] {
        var found: [S3ResponseBody] = []
        var rest = text[...]
        while let next = first(name, in: rest) {
            found.append(S3ResponseBody(text: String(next.content)))
            rest = next.rest
        }
        return found
    }

    private func first(_ name: String, in text: Substring) -> (content: Substring, rest: Substring)? {
        var search = text
        while let start = search.firstRange(of: "<\(name)") {
            let after = search[start.upperBound...]
            guard let bracket = after.firstIndex(of: ">") else { return nil }
            // "<PartNumber" also begins with "<Part".
            if let next = after.first, next == ">" || next == " " {
                let content = after[after.index(after: bracket)...]
                guard let end = content.firstRange(of: "</\(name)>") else { return nil }
                return (content[..<end.lowerBound], content[end.upperBound...])
            }
            search = after
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var result = String(text)
        for (escape, character) in [
            ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"),
        ] { result = result.split(separator: escape, omittingEmptySubsequences: false).joined(separator: character) }
        return result
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
