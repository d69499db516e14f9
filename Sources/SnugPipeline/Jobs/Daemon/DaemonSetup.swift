// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SystemPackage

/// The configuration in force, with what follows from it for each folder.
struct DaemonSetup: Sendable {
    let configuration: WatchConfiguration
    /// The folders of the configuration, and those that were in it before: their work in progress goes on.
    private let contexts: [String: FolderContext]
    /// The folder of submitted images.
    let submissions: FolderContext

    /// - Parameter previous: The setup that this one takes the place of.
    init(_ configuration: WatchConfiguration, after previous: DaemonSetup? = nil) {
        self.configuration = configuration
        var contexts = previous?.contexts ?? [:]
        submissions = FolderContext(
            SubmissionFolder.settings(in: configuration.stateDirectory, configuration.role),
            stateDirectory: configuration.stateDirectory, role: configuration.role)
        // A worker has no files of its own.
        if !configuration.role.isWorker { contexts[submissions.settings.name] = submissions }
        for folder in configuration.folders {
            contexts[folder.name] = FolderContext(
                folder, stateDirectory: configuration.stateDirectory, role: configuration.role)
        }
        self.contexts = contexts
    }

    /// The work that this host may have of a ledger that others share.
    /// - Parameter hasStorage: Bytes can be had from anywhere.
    func reach(hasStorage: Bool) -> ClaimReach? {
        let accounts = Set(configuration.accounts.map(\.name))
        switch configuration.role {
        case .alone: return nil
        case .host:
            let bound = hasStorage ? FleetRole.boundSteps : Set(JobStep.allCases)
            return ClaimReach(boundSteps: bound, folders: Set(contexts.keys), accounts: accounts)
        case .worker: return ClaimReach(boundSteps: FleetRole.boundSteps, folders: [], accounts: accounts)
        }
    }

    /// True for a folder whose files are on this host.
    func owns(_ folder: String) -> Bool { configuration.role.isAlone || contexts[folder] != nil }

    /// The folders whose files are on this host.
    var ownFolders: Set<String> { Set(contexts.keys) }

    /// The folders of the configuration.
    var watched: [FolderContext] { configuration.folders.compactMap { contexts[$0.name] } }

    /// The folders that work writes to.
    var written: Set<FilePath> { Set(configuration.folders.map(\.outbox) + [configuration.stateDirectory]) }

    func context(named name: String) -> FolderContext? { contexts[name] }

    func account(named name: String) -> Account? { configuration.account(named: name) }
}
