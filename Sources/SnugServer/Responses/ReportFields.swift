// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugPipeline
import SnugSystem

/// The report of a fit as header fields: `Snug-Output-Bytes` for the key `output_bytes`.
enum ReportFields {
    /// The keys that become fields.
    static let keys = [
        "status", "input_bytes", "output_bytes", "limit_bytes", "width", "height", "output_width", "output_height",
        "format",
        "quality", "scale", "encodes", "seconds",
    ]

    /// The fields of a report; values that are null are left out.
    static func fields(_ report: JSONValue, warnings: [String]) -> HTTPFields {
        var fields: HTTPFields = [:]
        for key in keys {
            guard let value = report[key], let name = HTTPField.Name(Self.name(of: key)) else { continue }
            fields[name] = value.text ?? value.description
        }
        if !warnings.isEmpty {
            fields[.known("Snug-Warnings")] = warnings.map(displayString).joined(separator: ", ")
        }
        return fields
    }

    /// The name of a key's field.
    static func name(of key: String) -> String {
        "Snug-" + key.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
    }

    /// Text of any letters as a Display String (RFC 9651 §3.3.8).
    static func displayString(_ text: String) -> String {
        let encoded = text.utf8.reduce(into: "") { result, byte in
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%"), byte != UInt8(ascii: "\"") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + [byte].hexadecimal
            }
        }
        return "%\"\(encoded)\""
    }
}
