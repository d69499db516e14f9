// SPDX-License-Identifier: Apache-2.0
import Configuration
import SnugSystem
import Synchronization

/// Values by their keys, from options, the environment and a file in this order, and the place of each.
struct SettingReader {
    /// Notes which provider a value came from.
    private final class Origins: AccessReporter {
        let last = Mutex<String?>(nil)

        func report(_ event: AccessEvent) {
            let provider = event.providerResults.first { result in
                if case .success(let found) = result.result { found.value != nil } else { false }
            }
            last.withLock { $0 = provider?.providerName }
        }
    }

    private static let optionsName = "options"

    private let reader: ConfigReader
    private let origins = Origins()
    private let document: ConfigurationDocument?
    private let options: [[String]: OptionValue]

    /// - Parameter isList: True for the key of an option that is a list.
    init(
        document: ConfigurationDocument?, environment: [String: String], options: [OptionValue] = [],
        isList: ([String]) -> Bool = { _ in false }
    ) throws(ConfigurationError) {
        self.document = document
        self.options = Dictionary(options.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for option in options {
            let content: ConfigContent =
                isList(option.path) ? .stringArray(option.values) : .string(option.values.first ?? "")
            values[AbsoluteConfigKey(option.path)] = ConfigValue(content, isSecret: false)
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: Self.optionsName, values: values),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "snug"),
        ]
        // An empty file sets nothing.
        if let document, !document.entries.isEmpty {
            do {
                providers.append(try SnapshotProvider(yaml: document.text, name: document.name))
            } catch {
                throw ConfigurationError([.init(place: document.name, message: "cannot be read: \(error)")])
            }
        }
        reader = ConfigReader(providers: providers, accessReporter: origins)
    }

    /// The values of a key; `nil` where nothing sets it.
    func values(of path: [String], isList: Bool) -> [String]? {
        let key = ConfigKey(path)
        return isList ? reader.stringArray(forKey: key) : reader.string(forKey: key).map { [$0] }
    }

    /// True when the file gave the value that was read last.
    var lastIsOfFile: Bool { document != nil && origins.last.withLock { $0 } == document?.name }

    /// The origin and the place of the value that was read last.
    func place(of path: [String]) -> (EffectiveSetting.Origin, String) {
        let provider = origins.last.withLock { $0 }
        if provider == Self.optionsName || options[path] != nil { return (.option, options[path]?.option ?? "") }
        if let document, provider == document.name { return (.file, document.place(of: path)) }
        return (.environment, ConfigurationSchema.variable(path))
    }
}
