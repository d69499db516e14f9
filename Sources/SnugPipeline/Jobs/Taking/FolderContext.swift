// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// A watched folder with everything that follows from its settings.
struct FolderContext: Sendable {
    let settings: WatchFolder
    /// The options of files without a sidecar.
    let options: JobOptions
    /// ``options`` as the ledger keeps them, encoded once for all files.
    let optionsText: String
    /// The work folder in the state directory; used where moving a file there is a rename.
    private let preferredWork: FilePath

    /// - Parameters:
    ///   - role: Says which part of the folder's name is its host's.
    ///   - options: The options of files without a sidecar, where they are not the folder's.
    init(
        _ settings: WatchFolder, stateDirectory: FilePath, role: FleetRole = .alone, options: JobOptions? = nil
    ) {
        self.settings = settings
        let options = options ?? JobOptions(settings)
        self.options = options
        optionsText = options.text
        // Another name of the host does not lose what is in work.
        let name = role.localName(of: settings.name)
        preferredWork = stateDirectory.appending("work").appending(Self.component(of: name))
    }

    /// A name as one safe component of a path. Different names have different ones.
    static func component(of name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
        }
        if isPlain, !name.isEmpty, name.utf8.count <= 64 { return name }
        let start = "_" + Array(name.utf8.prefix(100)).hexadecimal
        if name.utf8.count <= 100 { return start }
        return start + "-" + MessageDigest.sha256(Array(name.utf8)).prefix(8).hexadecimal
    }

    var movesSources: Bool { settings.source != .leave }

    /// The work folder that the next file goes to. It blocks.
    func work() throws(WatchError) -> WorkFolder {
        do throws(Errno) {
            return try WorkFolder.choose(for: settings.inbox, preferring: preferredWork)
        } catch {
            throw WatchError(SystemFailure(doing: "make the work folder of '\(settings.name)'", reason: error))
        }
    }

    /// The places where files may be in work: the inbox may have been on another file system before.
    var workPlaces: [WorkFolder] {
        [WorkFolder(path: preferredWork), WorkFolder(path: settings.inbox.appending(WorkFolder.nameInside))]
    }

    func intake() throws(WatchError) -> Intake {
        Intake(root: settings.inbox, work: try work(), movesSources: movesSources)
    }

    func disposal(in work: WorkFolder) -> SourceDisposal {
        let rule: SourceDisposal.Rule =
            switch settings.source {
            case .move: .move(to: settings.doneFolder)
            case .delete: .delete
            case .leave: .leave
            }
        return SourceDisposal(rule: rule, failed: settings.failedFolder, work: work)
    }

    /// The file of a source, and the work folder it is in; `nil` when it is gone. It blocks.
    func find(_ key: SourceKey, id: IntakeID) -> (file: TakenFile, work: WorkFolder)? {
        switch key {
        case .moved(let id, let original):
            for work in workPlaces {
                if let file = work.file(of: id, from: original) { return (file, work) }
            }
            return nil
        case .left(let path, let version):
            let place = path.path(below: settings.inbox)
            guard let identity = try? FileIdentity(of: place, followsLinks: false), identity.kind == .file,
                FileVersion(identity).hasSameContent(as: version)
            else { return nil }
            let sidecar = Sidecar.path(of: path).path(below: settings.inbox)
            let hasSidecar = (try? FileIdentity(of: sidecar, followsLinks: false))?.kind == .file
            let file = TakenFile(
                id: id, original: path, path: place, isMoved: false, sidecar: hasSidecar ? sidecar : nil)
            return (file, WorkFolder(path: preferredWork))
        }
    }

    /// The settings of the watcher.
    var watched: WatchedFolder {
        var policy = SettlePolicy()
        policy.settleTime = settings.settleTime
        policy.unprovenSettleTime = max(policy.unprovenSettleTime, settings.settleTime)
        policy.suspiciousSettleTime = max(policy.suspiciousSettleTime, settings.settleTime)
        policy.patience = settings.patience
        return WatchedFolder(
            root: settings.inbox, rules: WatchRules(isRecursive: settings.isRecursive), policy: policy,
            scanInterval: settings.scanInterval, pollInterval: settings.pollInterval,
            prefersPolling: settings.prefersPolling)
    }
}
