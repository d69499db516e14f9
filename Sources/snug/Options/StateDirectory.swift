// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The folder of state that outlives the process.
enum StateDirectory {
    /// The folder of one part, unless its option names another.
    static func path(_ option: PathArgument?, part: String) -> FilePath {
        if let option { return option.path }
        return folder.appending(part)
    }

    /// The file of the ledger, in the folder that the option names.
    static func ledger(_ option: PathArgument?) -> FilePath { (option?.path ?? folder).appending("ledger.sqlite") }

    /// The folder by the environment.
    private static var folder: FilePath {
        if let named = Machine.environment("SNUG_STATE_DIR") { return FilePath(named) }
        let home = FilePath(Machine.environment("HOME") ?? "/")
        let state = Machine.environment("XDG_STATE_HOME").map { FilePath($0) } ?? home.appending(".local/state")
        return state.appending("snug")
    }
}
