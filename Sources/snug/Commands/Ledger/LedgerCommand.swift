// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `snug ledger`.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Moves the ledger of pending work to another place.",
        subcommands: [LedgerCopyCommand.self])
}
