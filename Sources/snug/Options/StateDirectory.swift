// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The folder of state that outlives the process.
enum StateDirectory {
    /// The folder of one part, unless its option names another.
    static func path(_ option: PathArgument?, part: String) -> FilePath {
        if let option { return option.path }
        if let named = Machine.environment("SNUG_STATE_DIR") { return FilePath(named).appending(part) }
        let home = FilePath(Machine.environment("HOME") ?? "/")
        let state = Machine.environment("XDG_STATE_HOME").map { FilePath($0) } ?? home.appending(".local/state")
        return state.appending("snug").appending(part)
    }
}
