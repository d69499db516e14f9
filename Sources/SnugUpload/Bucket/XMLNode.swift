// SPDX-License-Identifier: Apache-2.0

/// An element of a small XML document.
///
/// Reads what S3 servers send and nothing else: no document type, so no entity but the five of XML and characters by
/// number, and bounded depth. A text that ends early or does not nest is no document.
struct XMLNode: Sendable, Hashable {
    var name: String
    /// The text directly within it.
    var text = ""
    var children: [XMLNode] = []

    private static let maximumDepth = 16

    /// The root of a document; `nil` for a text that is none.
    init?(parsing bytes: [UInt8]) {
        var reader = Reader(bytes: bytes[...])
        guard let root = reader.document() else { return nil }
        self = root
    }

    fileprivate init(name: String) { self.name = name }

    /// The first child of a name.
    subscript(name: String) -> XMLNode? { children.first { $0.name == name } }

    /// All children of a name.
    func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func document() -> XMLNode? {
            guard skipProlog(), let root = element(depth: 0) else { return nil }
            return skipProlog() && bytes.isEmpty ? root : nil
        }

        /// Skips blanks, comments and instructions; false at what is forbidden.
        private mutating func skipProlog() -> Bool {
            while true {
                while let byte = bytes.first, byte <= 32 { bytes.removeFirst() }
                // The mark of UTF-8.
                if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
                    bytes.removeFirst(3)
                } else if bytes.starts(with: "<?".utf8) {
                    guard skip(past: "?>") else { return false }
                } else if bytes.starts(with: "<!--".utf8) {
                    guard skip(past: "-->") else { return false }
                } else {
                    return !bytes.starts(with: "<!".utf8)
                }
            }
        }

        private mutating func skip(past mark: String) -> Bool {
            guard let found = bytes.firstRange(of: Array(mark.utf8)) else { return false }
            bytes = bytes[found.upperBound...]
            return true
        }

        private mutating func element(depth: Int) -> XMLNode? {
            guard depth < XMLNode.maximumDepth, let tag = tag(), !tag.isEnd else { return nil }
            var node = XMLNode(name: tag.name)
            if tag.isEmpty { return node }
            var text: [UInt8] = []
            while let byte = bytes.first {
                if byte != UInt8(ascii: "<") {
                    let piece = bytes.prefix { $0 != UInt8(ascii: "<") }
                    text += piece
                    bytes = bytes[piece.endIndex...]
                } else if bytes.starts(with: "<![CDATA[".utf8) || bytes.starts(with: "<!".utf8) {
                    return nil
                } else if bytes.dropFirst().first == UInt8(ascii: "/") {
                    guard let end = self.tag(), end.name == node.name, let decoded = Self.decoded(text) else {
                        return nil
                    }
                    node.text = decoded
                    return node
                } else {
                    guard let child = element(depth: depth + 1) else { return nil }
                    node.children.append(child)
                }
            }
            return nil
        }

        /// A tag, its attributes left out.
        private mutating func tag() -> (name: String, isEnd: Bool, isEmpty: Bool)? {
            guard bytes.popFirst() == UInt8(ascii: "<") else { return nil }
            var quote: UInt8?
            var end = bytes.startIndex
            while end < bytes.endIndex {
                let byte = bytes[end]
                if let open = quote {
                    if byte == open { quote = nil }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    quote = byte
                } else if byte == UInt8(ascii: ">") {
                    break
                }
                end += 1
            }
            guard end < bytes.endIndex else { return nil }
            var inner = bytes[..<end]
            bytes = bytes[(end + 1)...]
            let isEnd = inner.first == UInt8(ascii: "/")
            if isEnd { inner.removeFirst() }
            let isEmpty = !isEnd && inner.last == UInt8(ascii: "/")
            if isEmpty { inner.removeLast() }
            // Prefixes of namespaces do not matter here.
            let whole = inner.prefix { $0 > 32 }
            let local = whole.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).last ?? whole
            guard !local.isEmpty else { return nil }
            return (String(decoding: local, as: UTF8.self), isEnd, isEmpty)
        }

        private static func decoded(_ text: [UInt8]) -> String? {
            guard text.contains(UInt8(ascii: "&")) else { return String(validating: text, as: UTF8.self) }
            var result: [UInt8] = []
            var rest = text[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "&") else {
                    result.append(byte)
                    continue
                }
                guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")),
                    let character = XMLNode.character(String(decoding: rest[..<end], as: UTF8.self)[...])
                else { return nil }
                result += Array(String(character).utf8)
                rest = rest[(end + 1)...]
            }
            return String(validating: result, as: UTF8.self)
        }
    }

    /// The character of an entity's name, such as `amp` or `#x41`; `nil` for any but the five of XML and numbers.
    static func character(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let value = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        return value.flatMap(Unicode.Scalar.init)
    }
}
