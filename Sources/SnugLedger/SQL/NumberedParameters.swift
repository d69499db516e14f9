// SPDX-License-Identifier: Apache-2.0

/// Parameters that have names in our statements, and numbers where they are bound.
enum NumberedParameters {
    /// The statement with `$1` for its first `:name`, and the names in the order of their numbers.
    static func numbered(_ sql: String) -> (sql: String, names: [String]) {
        var names: [String] = []
        var text: [UInt8] = []
        var isQuoted = false
        var rest = Array(sql.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            // Two colons are a cast.
            if byte == UInt8(ascii: ":"), rest.first == byte {
                text += [byte, rest.removeFirst()]
                continue
            }
            let name = rest.prefix {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || $0 == UInt8(ascii: "_") || isDigit($0)
            }
            guard byte == UInt8(ascii: ":"), !isQuoted, !name.isEmpty else {
                text.append(byte)
                continue
            }
            rest = rest.dropFirst(name.count)
            let word = String(decoding: name, as: UTF8.self)
            let number = names.firstIndex(of: word) ?? names.endIndex
            if number == names.endIndex { names.append(word) }
            text += Array("$\(number + 1)".utf8)
        }
        return (String(decoding: text, as: UTF8.self), names)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
