// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The folder and its rules.
struct WatchFolderOptions: ParsableArguments, SettingOptions {
    @Argument(help: ArgumentHelp("The folder that files are dropped into.", valueName: "dir"), completion: .directory)
    var inbox: PathArgument?

    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder for results, created when missing.", valueName: "dir"),
        completion: .directory)
    var output: PathArgument?

    @Option(
        help: ArgumentHelp(
            "A short name for the ledger, logs and metrics. (default: the folder's own)", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "What happens to a source that is done: move, delete or leave. (default: move)", valueName: "rule"),
        completion: .list(["move", "delete", "leave"]))
    var source: String?

    @Option(
        help: ArgumentHelp("The folder for sources that are done. (default: done beside the inbox)", valueName: "dir"),
        completion: .directory)
    var done: String?

    @Option(
        help: ArgumentHelp("The folder for sources that failed. (default: failed beside the inbox)", valueName: "dir"),
        completion: .directory)
    var failed: String?

    @Option(
        help: ArgumentHelp("Quiet time before a complete file is taken. (default: 2s)", valueName: "time"))
    var settle: String?

    @Option(
        help: ArgumentHelp("Quiet time before an incomplete file is given up. (default: 1h)", valueName: "time"))
    var patience: String?

    @Flag(help: "Look at the folder regularly instead of waiting for events.")
    var polling = false

    @Flag(help: "Do not watch subfolders.")
    var noRecursive = false

    var given: [(key: String, values: [String], option: String)] {
        Self.one("source", source, "--source") + Self.one("done", done, "--done")
            + Self.one("failed", failed, "--failed") + Self.one("settle", settle, "--settle")
            + Self.one("patience", patience, "--patience")
            + Self.one("polling", polling ? "true" : nil, "--polling")
            + Self.one("recursive", noRecursive ? "false" : nil, "--no-recursive")
    }
}
