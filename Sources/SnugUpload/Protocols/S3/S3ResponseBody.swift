// SPDX-License-Identifier: Apache-2.0

/// Finds elements in the flat XML of S3's responses.
///
/// S3's XML has no relevant attributes and no element within one of the same name. A scan for tags is enough, works on a
/// document that was cut, and cannot be made to fetch or expand anything. Prefixes of namespaces do not count.
struct S3ResponseBody {
    private let text: ArraySlice<UInt8>

    init(_ body: [UInt8]) { text = body[...] }

    private init(text: ArraySlice<UInt8>) { self.text = text }

    /// The text of the first element of a name.
    subscript(name: String) -> String? { first(name, in: text).map { Self.unescaped($0.content) } }

    /// Each element of a name, to be searched in turn.
    func all(_ name: String) -> [S3ResponseBody] {
        var found: [S3ResponseBody] = []
        var rest = text
        while let next = first(name, in: rest) {
            found.append(S3ResponseBody(text: next.content))
            rest = next.rest
        }
        return found
    }

    private func first(
        _ name: String, in text: ArraySlice<UInt8>
    ) -> (content: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        let name = Array(name.utf8)
        var rest = text
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[(start + 1)...]
            if rest.starts(with: Self.comment) {
                guard let end = rest.firstRange(of: Self.commentEnd) else { return nil }
                rest = rest[end.upperBound...]
                continue
            }
            let qualified = rest.prefix { !Self.endsName($0) }
            guard Self.local(qualified).elementsEqual(name) else { continue }
            guard let bracket = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            let after = rest[(bracket + 1)...]
            if rest[bracket - 1] == UInt8(ascii: "/") { return (after.prefix(0), after) }
            return Self.end(of: qualified, in: after).map { (after[..<$0.lowerBound], after[$0.upperBound...]) }
        }
        return nil
    }

    /// The range of an end tag.
    private static func end(of name: ArraySlice<UInt8>, in text: ArraySlice<UInt8>) -> Range<Int>? {
        let tag = Array("</".utf8) + name
        var rest = text
        while let found = rest.firstRange(of: tag) {
            rest = rest[found.upperBound...]
            let blanks = rest.prefix { $0 <= 0x20 }
            if blanks.endIndex < rest.endIndex, rest[blanks.endIndex] == UInt8(ascii: ">") {
                return found.lowerBound..<blanks.endIndex + 1
            }
        }
        return nil
    }

    private static let comment = Array("!--".utf8)
    private static let commentEnd = Array("-->".utf8)

    private static func endsName(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/")
    }

    private static func local(_ qualified: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        qualified.firstIndex(of: UInt8(ascii: ":")).map { qualified[($0 + 1)...] } ?? qualified
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("&") else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            guard let end = rest.prefix(12).firstIndex(of: ";"),
                let character = XMLNode.character(rest[rest.index(after: start)..<end])
            else {
                result += "&"
                rest = rest.dropFirst()
                continue
            }
            result.unicodeScalars.append(character)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
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
