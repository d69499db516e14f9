// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugSystem
import SystemPackage

/// The file of settings. ``ConfiguredArguments`` reads it before the arguments are parsed.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with settings for each command. (default: snug/config.yaml in $XDG_CONFIG_HOME or ~/.config)",
            valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: PathArgument?

    @Flag(help: "Print the settings in force and where each came from, and run nothing.")
    var showConfig = false

    /// The file that is read where none is named, as the XDG Base Directory Specification says; `nil` when there is none.
    static func usualFile(_ environment: (String) -> String?) -> FilePath? {
        let named = environment("XDG_CONFIG_HOME").map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
        guard let folder = named ?? environment("HOME").map({ FilePath($0).appending(".config") }) else { return nil }
        let file = folder.appending("snug/config.yaml")
        return FileSystem.isFile(file) ? file : nil
    }
}
