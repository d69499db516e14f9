// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SystemPackage

/// The folder of submitted images, as jobs have one: everything of it is in the state directory, and nobody watches it.
package enum SubmissionFolder {
    /// The name in the ledger, in logs and in metrics. No folder of a configuration may have it.
    package static let name = "http"

    /// The folder with everything that submissions do not set themselves.
    /// - Parameter role: Tells the folders of hosts apart.
    static func settings(in stateDirectory: FilePath, _ role: FleetRole = .alone) -> WatchFolder {
        let root = stateDirectory.appending("submissions")
        var folder = WatchFolder(
            inbox: root.appending("inbox"), outbox: results(in: stateDirectory), name: role.ledgerName(of: name))
        folder.source = .delete
        folder.failedFolder = root.appending("failed")
        folder.priority = .interactive
        return folder
    }

    /// The folder of results: one folder for each submitted image.
    static func results(in stateDirectory: FilePath) -> FilePath { stateDirectory.appending("submissions/results") }
}

extension Submission {
    /// The folder as it is for this image.
    func folder(in stateDirectory: FilePath, _ role: FleetRole = .alone) -> WatchFolder {
        var folder = SubmissionFolder.settings(in: stateDirectory, role)
        folder.limits = limits
        folder.policy = policy
        folder.hasTarget = hasTarget
        guard let base else { return folder }
        folder.pipeline = base.pipeline
        folder.upload = base.upload
        folder.generation = base.generation
        folder.maximumAttempts = base.maximumAttempts
        return folder
    }

    /// The options of the image's job.
    /// - Throws: `invalid_sidecar`, naming the option and its fault.
    func options(_ folder: WatchFolder, accounts: [Account]) throws(WatchError) -> JobOptions {
        var options = JobOptions(folder)
        if let sidecar { try options.apply(sidecar, accounts: accounts) }
        return options
    }

    /// The place of the image below the folder. Its identifier makes it unlike any other, and so is the result's.
    func place(_ id: IntakeID) -> RelativePath {
        // Room for the endings of results and reports.
        RelativePath(id.text).appending(FreeName.variant(of: Array(name.utf8), suffix: "", maximumBytes: 200))
    }
}
