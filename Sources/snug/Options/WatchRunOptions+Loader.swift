// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugPipeline
import SystemPackage

extension WatchRunOptions {
    /// The reader of a daemon's configuration: its file, the environment, and options, which win over both.
    /// - Throws: When the state directory cannot be told.
    func loader(_ given: [OptionValue], _ state: LedgerOptions) throws -> ConfigurationLoader {
        var options = given
        if let directory = state.state {
            options.append(OptionValue(["state_dir"], [directory.path.string], option: "--state"))
        }
        if let ledger = state.ledger { options.append(OptionValue(["ledger"], [ledger], option: "--ledger")) }
        var loader = ConfigurationLoader(
            file: config?.path, environment: ProcessInfo.processInfo.environment, options: options,
            stateDirectory: try state.folder)
        loader.sections = ConfiguredArguments.otherSections(than: "")
        return loader
    }
}
