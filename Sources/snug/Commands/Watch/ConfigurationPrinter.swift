// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem

/// Prints the settings in force, and the origin of each.
enum ConfigurationPrinter {
    static func print(_ settings: [EffectiveSetting], json: Bool) throws {
        let output = OutputStream.standardOutput
        if json {
            for setting in settings { output.writeLine(setting.json.description) }
        } else {
            var table = TextTable(alignments: [.left, .left, .left])
            for setting in settings {
                // A setting without a value says nothing, unless somebody set it.
                guard setting.value != nil || setting.origin != .default else { continue }
                let place = setting.origin == .default ? "default" : setting.place
                table.append([
                    PrintableName.escaped(setting.key), PrintableName.escaped(setting.value ?? ""),
                    "# \(PrintableName.escaped(place))",
                ])
            }
            output.write(table.text(columns: output.layoutColumns))
        }
        try output.checkDelivered()
    }
}
