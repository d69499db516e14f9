// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem

/// A parameter of a job whose pipeline generates, named like the option of `snug generate`.
package struct GenerationParameter: Sendable {
    private enum Kind: Sendable {
        case text, number, object
    }

    /// The name of the parameter.
    package let name: String
    /// The key of a sidecar that means the same.
    let key: String
    private let kind: Kind

    private init(_ name: String, _ kind: Kind = .text, key: String? = nil) {
        self.name = name
        self.kind = kind
        self.key = key ?? name
    }

    /// Every parameter.
    package static let all = [
        GenerationParameter("prompt"), GenerationParameter("negative-prompt", key: "negative_prompt"),
        GenerationParameter("model"), GenerationParameter("provider"), GenerationParameter("size"),
        GenerationParameter("n", .number), GenerationParameter("seed", .number), GenerationParameter("format"),
        GenerationParameter("timeout", .number), GenerationParameter("options", .object),
    ]

    /// The value as a sidecar has it.
    /// - Throws: `invalid_parameter`.
    func value(_ text: String) throws(ServiceError) -> JSONValue {
        switch kind {
        case .text: return .text(text)
        case .number:
            guard let number = Int(text), number >= 0 else { throw .invalidParameter(name, "is no whole number") }
            return .integer(number)
        case .object:
            guard let value = JSONValue(parsing: Array(text.utf8)), case .object = value else {
                throw .invalidParameter(name, "is no JSON object; send one such as {\"quality\": \"high\"}")
            }
            return value
        }
    }
}
