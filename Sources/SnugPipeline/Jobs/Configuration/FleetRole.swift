// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem

/// A daemon's part among those that share its ledger.
public enum FleetRole: Sendable, Hashable {
    /// It has the ledger for itself, and does all work in it.
    case alone
    /// It is a host with folders and files of its own. The name tells its folders from those of other hosts; an empty one
    /// leaves the folders' names as they are.
    case host(String)
    /// It has no folder, and does these steps for the hosts that have.
    case worker(Set<JobStep>)

    /// Steps that need the files of a host, wherever the bytes are.
    static let boundSteps: Set<JobStep> = [.settle, .deliver]

    /// All steps that a worker can do.
    public static let workerSteps = Set(JobStep.allCases).subtracting(boundSteps)

    var isAlone: Bool { self == .alone }
    var isWorker: Bool { if case .worker = self { true } else { false } }

    /// Steps that it does at all.
    var steps: Set<JobStep> {
        if case .worker(let steps) = self { return steps.intersection(Self.workerSteps) }
        return Set(JobStep.allCases)
    }

    /// Between a folder's name and its host's.
    private static let mark: Character = "@"

    /// The name of a folder in the ledger.
    func ledgerName(of folder: String) -> String {
        guard case .host(let host) = self, !host.isEmpty else { return folder }
        return "\(folder)\(Self.mark)\(host)"
    }

    /// The name that a folder of the ledger has on its host.
    func localName(of folder: String) -> String {
        guard case .host(let host) = self, !host.isEmpty else { return folder }
        let ending = "\(Self.mark)\(host)"
        return folder.hasSuffix(ending) ? String(folder.dropLast(ending.count)) : folder
    }

    /// The name of the host that a folder of the ledger is on; empty for a host without a name.
    static func hostName(ofFolder folder: String) -> String {
        guard let mark = folder.lastIndex(of: Self.mark) else { return "" }
        return String(folder[folder.index(after: mark)...])
    }

    /// True for a folder of the ledger whose files are on this host.
    func owns(_ folder: String) -> Bool {
        switch self {
        case .alone: true
        case .host(let host): host.isEmpty ? !folder.contains(Self.mark) : folder.hasSuffix("\(Self.mark)\(host)")
        case .worker: false
        }
    }

    /// Checks the names that tell hosts apart.
    /// - Throws: `invalid_configuration`.
    func check(folders: [String]) throws(DaemonError) {
        guard case .host(let host) = self else { return }
        let isName = host.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
        }
        guard isName, host.utf8.count <= 100 else {
            throw WatchConfiguration.invalid(
                "'\(PrintableName.escaped(host))' is no name of a host; use letters, digits, '-', '.' and '_'")
        }
        if let folder = folders.first(where: { $0.contains(Self.mark) }) {
            throw WatchConfiguration.invalid(
                "the name of the folder '\(PrintableName.escaped(folder))' has an @ in it, which separates folders from hosts "
                    + "in a ledger that hosts share; name it otherwise")
        }
    }
}

extension WatchConfiguration {
    /// The configuration with the names that its folders have in the ledger.
    var withLedgerNames: WatchConfiguration {
        var configuration = self
        for index in folders.indices { configuration.folders[index].name = role.ledgerName(of: folders[index].name) }
        return configuration
    }
}
