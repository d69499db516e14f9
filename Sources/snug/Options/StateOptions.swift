// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugPipeline
import SnugSystem
import SystemPackage

/// The folder of what outlives a command, and the ledger in it.
struct StateOptions: ParsableArguments {
    @Option(
        name: [.customLong("state"), .customLong("state-directory")],
        help: ArgumentHelp(
            "The folder of pending work and receipts. (default: $SNUG_STATE_DIR, or snug in $XDG_STATE_HOME or "
                + "~/.local/state)", valueName: "dir"))
    var state: PathArgument?

    /// The folder, absolute.
    var folder: FilePath {
        get throws { try WorkingFolder.absolute(state?.path ?? Self.usual(Machine.environment)) }
    }

    /// The folder unless one is named: as the XDG Base Directory Specification says, which ignores relative paths.
    static func usual(_ environment: (String) -> String?) -> FilePath {
        if let named = environment("SNUG_STATE_DIR"), !named.isEmpty { return FilePath(named) }
        if let state = environment("XDG_STATE_HOME"), FilePath(state).isAbsolute {
            return FilePath(state).appending("snug")
        }
        return FilePath(environment("HOME") ?? "/").appending(".local/state/snug")
    }

    /// The ledger's file.
    var ledgerPath: FilePath { get throws { try folder.appending("ledger.sqlite") } }
    /// The folder of receipts.
    var receipts: FilePath { get throws { try folder.appending("receipts") } }
    /// The folder of files on their way.
    var spool: FilePath { get throws { try folder.appending("spool") } }
}
