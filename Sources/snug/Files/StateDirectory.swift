// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Where what has to survive the process is kept.
enum StateDirectory {
    /// The folder of one part of it, unless its option names another.
    static func path(_ option: PathArgument?, part: String) -> FilePath {
        if let option { return option.path }
        if let named = Terminal.environment("SNUG_STATE_DIR") { return FilePath(named).appending(part) }
        let home = FilePath(Terminal.environment("HOME") ?? "/")
        let state = Terminal.environment("XDG_STATE_HOME").map { FilePath($0) } ?? home.appending(".local/state")
        return state.appending("snug").appending(part)
    }
}
