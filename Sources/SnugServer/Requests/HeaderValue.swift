// SPDX-License-Identifier: Apache-2.0

/// A field value with parameters: `form-data; name="image"; filename="a.jpg"`.
struct HeaderValue: Sendable, Hashable {
    /// The part before the parameters, in lower case.
    var value: String
    /// The parameters, names in lower case; of two with one name the first counts.
    var parameters: [String: String]

    /// Reads a value (RFC 9110 §5.6.6); `nil` where quotes are left open or a parameter has no name.
    init?(_ text: String) {
        var rest = Substring(text)
        value = rest.prefix { $0 != ";" }.trimmed.lowercased()
        rest = rest.drop { $0 != ";" }
        parameters = [:]
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { break }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=", !name.trimmed.isEmpty else { return nil }
            rest.removeFirst()
            guard let found = Self.takeValue(&rest) else { return nil }
            let key = name.trimmed.lowercased()
            if parameters[key] == nil { parameters[key] = found }
        }
    }

    private static func takeValue(_ rest: inout Substring) -> String? {
        guard rest.first == "\"" else {
            let token = rest.prefix { $0 != ";" }
            rest = rest.dropFirst(token.count)
            return token.trimmed
        }
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"":
                rest = rest.drop { $0 == " " || $0 == "\t" }
                return rest.isEmpty || rest.first == ";" ? text : nil
            case "\\":
                // Browsers send a Windows path's backslashes as they are; only a quote and a backslash are escaped.
                if let next = rest.first, next == "\"" || next == "\\" {
                    text.append(next)
                    rest.removeFirst()
                } else {
                    text.append(character)
                }
            default: text.append(character)
            }
        }
        return nil
    }
}

extension Substring {
    /// The text without spaces and tabs at its ends.
    var trimmed: String {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
