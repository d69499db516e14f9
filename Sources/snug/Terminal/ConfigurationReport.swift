// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugHTTP
import SnugPipeline
import SnugSystem

extension ConfiguredArguments {
    /// All options of the command with their values and origins.
    var effective: [EffectiveSetting] {
        let section = path.joined(separator: ".")
        return (command?.configurable ?? []).compactMap { option in
            guard let name = option.longNames.first else { return nil }
            if !given.names.isDisjoint(with: option.longNames) {
                let value = option.isFlag ? "true" : given.values[name]
                return EffectiveSetting(
                    key: "\(section).\(name)", value: value.map { Self.shown($0, of: name) },
                    origin: .option, place: "--\(name)")
            }
            if let setting = settings.first(where: { option.longNames.contains($0.option) }) {
                let text = setting.values.map { Self.shown($0, of: name) }.joined(separator: ", ")
                return EffectiveSetting(
                    key: setting.key, value: text, origin: setting.origin, place: setting.place)
            }
            return EffectiveSetting(
                key: "\(section).\(name)", value: option.usualValue, origin: .default, place: "")
        }
    }

    /// A value without the secrets in it.
    private static func shown(_ value: String, of option: String) -> String {
        if option == "header", !value.hasPrefix("@") { return "\(value.prefix { $0 != ":" }): ***" }
        if value.contains("://"), let query = value.firstIndex(of: "?") { return "\(value[..<query])?***" }
        return value
    }

    /// Prints the settings in force, for `--show-config`.
    /// - Throws: What is wrong with a setting or an option, but not that something is missing.
    func printSettings() throws {
        do {
            _ = try Snug.parseAsRoot(arguments)
        } catch {
            if let fault = fault(of: error) { throw fault }
            // What is missing on the command line is no fault of what is there.
            let isUnknown = command?.unknownOption(in: arguments) != nil
            if isUnknown || UsageText.isAboutGiven(Snug.message(for: error)) { throw error }
        }
        try ConfigurationPrinter.print(effective, json: printsJSON)
    }

    /// The fault of the configuration that kept the arguments from being parsed; `nil` where they are at fault.
    func fault(of error: any Error) -> ConfigurationError? {
        guard !settings.isEmpty, Snug.exitCode(for: error) == .validationFailure else { return nil }
        let message = Snug.message(for: error)
        let reason = UsageText.reason(in: message)
        return places(in: message).map { ConfigurationError([.init(place: $0, message: reason)]) }
    }
}
