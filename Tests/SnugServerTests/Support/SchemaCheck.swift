// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugSystem
import Yams

/// Objects compared with the schemas of the API's description: as much of JSON Schema as those use, and stricter, since a key
/// that is not described is a fault.
struct SchemaCheck {
    private let schemas: Node?

    init(_ document: Node) { schemas = document["components"]?["schemas"] }

    /// What is wrong with a value by the schema of that name.
    func faults(of value: JSONValue, by name: String) -> [String] {
        guard let schema = schemas?[name] else { return ["there is no schema \(name)"] }
        return faults(of: value, schema, at: name)
    }

    private func faults(of value: JSONValue, _ schema: Node, at place: String) -> [String] {
        if let reference = schema["$ref"]?.string {
            let name = String(reference.split(separator: "/").last ?? "")
            guard let target = schemas?[name] else { return ["there is no schema \(name)"] }
            return faults(of: value, target, at: place)
        }
        if let kinds = schema["anyOf"]?.sequence {
            return kinds.contains { faults(of: value, $0, at: place).isEmpty } ? [] : ["\(place) is none of its kinds"]
        }
        if let types = schema["type"] {
            let names = types.sequence.map { $0.compactMap(\.string) } ?? [types.string ?? ""]
            guard names.contains(where: { Self.isOf(type: $0, value) }) else {
                return ["\(place) is no \(names.joined(separator: ", "))"]
            }
        }
        if let values = schema["enum"]?.sequence, !values.contains(where: { Self.equals($0, value) }) {
            return ["\(place) has another value"]
        }
        return faults(inMembersOf: value, schema, at: place) + faults(inElementsOf: value, schema, at: place)
    }

    private func faults(inMembersOf value: JSONValue, _ schema: Node, at place: String) -> [String] {
        guard case .object(let members) = value else { return [] }
        let required = schema["required"]?.sequence?.compactMap(\.string) ?? []
        var faults = required.filter { !members.keys.contains($0) }.map { "\(place).\($0) is missing" }
        guard let properties = schema["properties"] else { return faults }
        for (key, member) in members {
            if let property = properties[key] {
                faults += self.faults(of: member, property, at: "\(place).\(key)")
            } else {
                faults.append("\(place).\(key) is not described")
            }
        }
        return faults
    }

    private func faults(inElementsOf value: JSONValue, _ schema: Node, at place: String) -> [String] {
        guard case .array(let elements) = value, let items = schema["items"] else { return [] }
        return elements.enumerated().flatMap { faults(of: $1, items, at: "\(place).\($0)") }
    }

    private static func isOf(type: String, _ value: JSONValue) -> Bool {
        switch value {
        case .null: type == "null"
        case .flag: type == "boolean"
        case .integer: type == "integer" || type == "number"
        case .number: type == "number"
        case .text: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }

    private static func equals(_ node: Node, _ value: JSONValue) -> Bool {
        switch value {
        case .null: node.null != nil
        case .text(let text): node.string == text
        default: false
        }
    }
}
