// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugSystem

extension JSONValue {
    /// A parameter as it is sent.
    init(_ parameter: GenerationRequest.Parameter) {
        switch parameter {
        case .text(let value): self = .text(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .flag(let value): self = .flag(value)
        }
    }

    /// JSON text with members in alphabetical order, so that one value always gives the same bytes.
    /// - Throws: `invalid_request` for a number that JSON cannot express.
    func encoded() throws(GenerationError) -> [UInt8] {
        guard isFinite else {
            throw GenerationError(.invalidRequest, "a parameter has a number that JSON cannot express; change it")
        }
        return sortedBytes
    }

    private var isFinite: Bool {
        switch self {
        case .number(let value): value.isFinite
        case .array(let values): values.allSatisfy(\.isFinite)
        case .object(let members): members.values.allSatisfy(\.isFinite)
        case .null, .flag, .integer, .text: true
        }
    }

    /// JSON text of an object or an array; `nil` for everything else.
    var described: String? {
        guard !members.isEmpty || !elements.isEmpty, let bytes = try? encoded() else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Plain text, as forms and queries have it.
    var plain: String {
        switch self {
        case .text(let value): value
        case .integer(let value): String(value)
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
        case .flag(let value): String(value)
        case .null, .array, .object: ""
        }
    }
}
