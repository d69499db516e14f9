// SPDX-License-Identifier: Apache-2.0
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
            SubmissionFolder.settings(in: configuration.stateDirectory), stateDirectory: configuration.stateDirectory)
        contexts[SubmissionFolder.name] = submissions
        for folder in configuration.folders {
            contexts[folder.name] = FolderContext(folder, stateDirectory: configuration.stateDirectory)
        }
        self.contexts = contexts
    }

    /// The folders of the configuration.
    var watched: [FolderContext] { configuration.folders.compactMap { contexts[$0.name] } }

    /// The folders that work writes to.
    var written: Set<FilePath> { Set(configuration.folders.map(\.outbox) + [configuration.stateDirectory]) }

    func context(named name: String) -> FolderContext? { contexts[name] }

    func account(named name: String) -> Account? { configuration.account(named: name) }
}
