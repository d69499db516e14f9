// SPDX-License-Identifier: Apache-2.0

/// A group of options that are settings of the configuration: their text is read by its code.
protocol SettingOptions {
    /// Those that were given: the key below the folder or account, the values, the option.
    var given: [(key: String, values: [String], option: String)] { get }
}

extension SettingOptions {
    /// An option with one value.
    static func one(
        _ key: String, _ value: String?, _ option: String
    ) -> [(key: String, values: [String], option: String)] {
        value.map { [(key, [$0], option)] } ?? []
    }

    /// An option that may be given several times.
    static func many(
        _ key: String, _ values: [String], _ option: String
    ) -> [(key: String, values: [String], option: String)] {
        values.isEmpty ? [] : [(key, values, option)]
    }
}
