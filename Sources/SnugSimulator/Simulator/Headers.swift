// SPDX-License-Identifier: Apache-2.0

/// Header fields in the order they came, names compared without regard to case.
public struct Headers: Sendable, Hashable, Codable, ExpressibleByDictionaryLiteral {
    /// One field line.
    public struct Field: Sendable, Hashable, Codable {
        /// The name as written.
        public var name: String
        /// The value, without surrounding blanks.
        public var value: String

        /// One field line.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Every field line, repeated names included.
    public var fields: [Field]

    /// The given fields.
    public init(_ fields: [Field] = []) { self.fields = fields }

    /// `["Retry-After": "1"]`.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// From a JSON object of names and values, as scripts write them; the order is alphabetical.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.singleValueContainer().decode([String: String].self)
        fields = members.sorted { $0.key < $1.key }.map { Field(name: $0.key, value: $0.value) }
    }

    /// A JSON object; of a repeated name the values are joined by commas.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, next in first + ", " + next }))
    }

    /// The first value of a name; setting replaces every value of it.
    public subscript(name: String) -> String? {
        get { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
        set {
            fields.removeAll { $0.name.lowercased() == name.lowercased() }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// Adds or replaces every field of `others`.
    mutating func merge(_ others: Headers) {
        for field in others.fields { self[field.name] = field.value }
    }
}
