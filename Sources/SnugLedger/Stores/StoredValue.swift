// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// The JSON text that a value is kept as.
enum StoredValue {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from payload: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(payload.utf8))
    }
}
