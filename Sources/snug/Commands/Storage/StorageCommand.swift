// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `snug storage`.
struct StorageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage",
        abstract: "Looks after the storage that the hosts of a fleet share.",
        subcommands: [StorageSweepCommand.self])
}
