// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// The text of a setting, wherever it was given.
struct SettingText {
    var values: [String]
    /// The folder that a relative path starts from.
    var folder: FilePath

    /// The text of a setting with one value.
    var text: String { values.first ?? "" }
}

/// A key of the configuration, and what it sets.
struct Setting<Target: Sendable>: Sendable {
    /// The parts of the key below its group.
    let path: [String]
    let isList: Bool
    let apply: @Sendable (inout Target, SettingText) throws(SettingFault) -> Void
    /// The value in force, as text that the file would have; `nil` for none.
    let show: @Sendable (Target) -> String?

    init(
        _ key: String, isList: Bool = false, show: @escaping @Sendable (Target) -> String?,
        apply: @escaping @Sendable (inout Target, SettingText) throws(SettingFault) -> Void
    ) {
        path = key.split(separator: ".").map(String.init)
        self.isList = isList
        self.show = show
        self.apply = apply
    }

    /// A property that always has a value.
    init<Value>(
        _ key: String, _ property: any WritableKeyPath<Target, Value> & Sendable, _ format: SettingFormat<Value>
    ) {
        self.init(
            key, isList: format.isList, show: { format.show($0[keyPath: property]) },
            apply: { target, text throws(SettingFault) in target[keyPath: property] = try format.parse(text) })
    }

    /// A property that may have none.
    init<Value>(
        _ key: String, _ property: any WritableKeyPath<Target, Value?> & Sendable, _ format: SettingFormat<Value>
    ) {
        self.init(
            key, isList: format.isList, show: { $0[keyPath: property].map(format.show) },
            apply: { target, text throws(SettingFault) in target[keyPath: property] = try format.parse(text) })
    }
}
