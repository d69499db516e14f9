// SPDX-License-Identifier: Apache-2.0

/// The options on a command line, found without parsing their values.
struct GivenOptions {
    /// Long names of the options that are given.
    private(set) var names: Set<String> = []
    /// The last value of each, by its long name.
    private(set) var values: [String: String] = [:]

    /// Looks through arguments, up to the end of options.
    init(_ arguments: some Sequence<String>, of options: [CommandDescription.Argument]) {
        var pending: String?
        for argument in arguments {
            if let name = pending {
                values[name] = argument
                pending = nil
            } else if argument == "--" {
                return
            } else if argument.hasPrefix("--") {
                let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let option = options.first(where: { $0.longNames.contains(String(parts[0])) }) else { continue }
                pending = note(option, value: parts.count > 1 ? String(parts[1]) : nil)
            } else if argument.hasPrefix("-") {
                pending = noteLetters(argument.dropFirst(), of: options)
            }
        }
    }

    private mutating func noteLetters(_ letters: Substring, of options: [CommandDescription.Argument]) -> String? {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let option = options.first(where: { $0.shortNames.contains(String(letter)) }) else { return nil }
            if option.isFlag {
                _ = note(option, value: nil)
            } else {
                return note(option, value: letters.isEmpty ? nil : String(letters.drop { $0 == "=" }))
            }
        }
        return nil
    }

    /// - Returns: The name of an option whose value comes next.
    private mutating func note(_ option: CommandDescription.Argument, value: String?) -> String? {
        names.formUnion(option.longNames)
        guard !option.isFlag, let name = option.longNames.first else { return nil }
        if let value { values[name] = value }
        return value == nil ? name : nil
    }
}
