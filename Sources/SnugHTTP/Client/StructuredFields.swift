// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
internal import RawStructuredFieldValues

/// One value of a structured field with its parameters. RFC 9651 §3.3
package struct StructuredItem: Sendable, Hashable {
    /// The types that fields of this package use.
    package enum Value: Sendable, Hashable {
        case integer(Int)
        case boolean(Bool)
        /// A string or a token.
        case text(String)
        /// A byte sequence in base64.
        case base64(String)
        case other
    }

    package var value: Value
    package var parameters: [String: Value] = [:]

    package var integer: Int? { value.integer }
}

extension StructuredItem.Value {
    package var integer: Int? { if case .integer(let number) = self { number } else { nil } }

    fileprivate init(_ item: RFC9651BareItem) {
        self =
            switch item {
            case .integer(let number): .integer(Int(number))
            case .bool(let flag): .boolean(flag)
            case .string(let text), .token(let text): .text(text)
            case .undecodedByteSequence(let text): .base64(text)
            case .decimal, .date, .displayString: .other
            }
    }
}

// A field that cannot be parsed counts as absent. RFC 9651 §4.2
extension HTTPFields {
    /// The members of a dictionary field; those that are lists are left out.
    package func structuredDictionary(_ name: HTTPField.Name) -> [String: StructuredItem] {
        let members = parsing(name) { parser throws in try parser.parseDictionaryFieldValue() }
        return Dictionary((members ?? [:]).compactMap { key, member in Self.item(member).map { (key, $0) } }) { $1 }
    }

    /// The members of a list field; those that are lists are left out.
    package func structuredList(_ name: HTTPField.Name) -> [StructuredItem] {
        let members = parsing(name) { parser throws in try parser.parseListFieldValue() }
        return (members ?? []).compactMap(Self.item)
    }

    /// The value of a field that is one boolean.
    package func structuredBoolean(_ name: HTTPField.Name) -> Bool? {
        let item = parsing(name) { parser throws in try parser.parseItemFieldValue() }
        guard case .bool(let flag)? = item?.rfc9651BareItem else { return nil }
        return flag
    }

    /// Sets a field that is one boolean.
    package mutating func set(_ name: HTTPField.Name, boolean: Bool) {
        var serializer = StructuredFieldValueSerializer()
        let item = Item(bareItem: RFC9651BareItem.bool(boolean), parameters: [:] as OrderedMap<String, RFC9651BareItem>)
        // Only text and numbers out of range cannot be written.
        guard let bytes = try? serializer.writeItemFieldValue(item) else { return }
        self[fields: name] = [HTTPField(name: name, value: bytes)]
    }

    private func parsing<Result>(
        _ name: HTTPField.Name, _ parse: (inout StructuredFieldValueParser<[UInt8]>) throws -> Result
    ) -> Result? {
        guard let text = self[name] else { return nil }
        var parser = StructuredFieldValueParser(Array(text.utf8))
        return try? parse(&parser)
    }

    private static func item(_ member: ItemOrInnerList) -> StructuredItem? {
        guard case .item(let item) = member else { return nil }
        var found = StructuredItem(value: .init(item.rfc9651BareItem))
        for (key, value) in item.rfc9651Parameters { found.parameters[key] = .init(value) }
        return found
    }
}
