// SPDX-License-Identifier: Apache-2.0
package import SnugGeneration
import SnugSystem

/// The settings of the stage that generates.
enum GenerateSettings {
    static let all: [Setting<WatchFolder>] = [
        Setting("generate.account", show: { $0.generation?.account }) { folder, text throws(SettingFault) in
            folder.generation = GenerationSettings(account: try SettingFormat.text.parse(text))
        },
        Setting("generate.prompt", show: { $0.generation?.prompt }) { folder, text throws(SettingFault) in
            try change(&folder) { $0.prompt = text.text }
        },
        Setting("generate.model", show: { $0.generation?.model }) { folder, text throws(SettingFault) in
            try change(&folder) { $0.model = text.text }
        },
        Setting(
            "generate.fallback_models", isList: true,
            show: { folder in
                guard let models = folder.generation?.fallbackModels, !models.isEmpty else { return nil }
                return models.joined(separator: ", ")
            }
        ) { folder, text throws(SettingFault) in
            try change(&folder) { $0.fallbackModels = text.values }
        },
        Setting("generate.size", show: { $0.generation?.size?.description }) { folder, text throws(SettingFault) in
            guard let size = ImageSize(text.text) else {
                throw SettingFault("'\(PrintableName.escaped(text.text))' is no size; write 1024x768")
            }
            try change(&folder) { $0.size = size }
        },
        Setting("generate.count", show: { folder in folder.generation.map { String($0.count) } }) {
            folder, text throws(SettingFault) in
            let count = try SettingFormat<Int>.count.parse(text)
            try change(&folder) { $0.count = count }
        },
        Setting("generate.seed", show: { $0.generation?.seed.map(String.init) }) { folder, text throws(SettingFault) in
            let seed = try SettingFormat<Int>.number.parse(text)
            try change(&folder) { $0.seed = seed }
        },
        Setting("generate.format", show: { $0.generation?.format }) { folder, text throws(SettingFault) in
            try change(&folder) { $0.format = text.text }
        },
        Setting(
            "generate.parameters", isList: true,
            show: { folder in
                guard let parameters = folder.generation?.parameters, !parameters.isEmpty else { return nil }
                return parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(
                    separator: ", ")
            }
        ) { folder, text throws(SettingFault) in
            var parameters: [String: GenerationRequest.Parameter] = [:]
            for value in text.values {
                guard let parameter = GenerationRequest.Parameter.named(value) else {
                    throw SettingFault(
                        "'\(PrintableName.escaped(value))' is no parameter; write name=value, such as quality=high")
                }
                parameters[parameter.name] = parameter.value
            }
            let all = parameters
            try change(&folder) { $0.parameters = all }
        },
    ]

    private static func change(
        _ folder: inout WatchFolder, _ body: (inout GenerationSettings) -> Void
    ) throws(SettingFault) {
        guard var generation = folder.generation else {
            throw SettingFault("has no generation to belong to; set generate.account", base: "generate.account")
        }
        body(&generation)
        folder.generation = generation
    }
}

extension GenerationRequest.Parameter {
    /// Reads `name=value`: whole numbers, numbers, true and false are sent as such, everything else as text.
    package static func named(_ text: String) -> (name: String, value: GenerationRequest.Parameter)? {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        return (String(text[..<equals]), reading(String(text[text.index(after: equals)...])))
    }

    private static func reading(_ value: String) -> GenerationRequest.Parameter {
        if let integer = Int(value), String(integer) == value { return .integer(integer) }
        if let first = value.utf8.first, first == 45 || (48...57).contains(first), let number = Double(value),
            number.isFinite
        {
            return .number(number)
        }
        return value == "true" ? .flag(true) : value == "false" ? .flag(false) : .text(value)
    }

    /// The text that reads as the value.
    var text: String {
        switch self {
        case .text(let value): value
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .flag(let value): String(value)
        }
    }
}
