// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Paths as text, from which every byte can be had back: `%` and bytes that are not UTF-8 are written as `%ff`.
package enum PathText {
    private static let percent = UInt8(ascii: "%")

    package static func encode(_ bytes: [UInt8]) -> String {
        let valid = String(validating: bytes, as: UTF8.self)
        if let valid, !bytes.contains(percent) { return valid }
        let isText = valid != nil
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte == percent || !isText && byte >= 0x80 {
                text += [percent] + Array([byte].hexadecimal.utf8)
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    package static func decode(_ text: String) -> [UInt8] {
        let all = Array(text.utf8)
        guard all.contains(percent) else { return all }
        var bytes: [UInt8] = []
        var rest = all[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == percent, digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
