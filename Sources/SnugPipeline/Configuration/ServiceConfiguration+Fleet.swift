// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
import SnugSystem
import SystemPackage

extension ServiceConfiguration {
    /// Takes the part among the hosts of the ledger that the settings name. It blocks.
    /// - Parameter steps: The steps of a worker without folders; `nil` for a host that has some.
    /// - Throws: `invalid_configuration`, `io_failed`.
    package mutating func takeRole(workingOn steps: Set<JobStep>? = nil) throws(DaemonError) {
        let isShared: Bool
        do throws(LedgerError) { isShared = try ledgerLocation.isShared } catch {
            throw DaemonError(.ioFailed, error.message)
        }
        if let steps {
            guard isShared else {
                throw WatchConfiguration.invalid(
                    "a worker takes its jobs from a ledger that hosts share; pass --ledger postgres://USER@HOST/DATABASE"
                )
            }
            guard storage != nil else {
                throw WatchConfiguration.invalid(
                    "a worker gets images from the storage that hosts share; it needs --storage")
            }
            watch.role = .worker(steps)
            // Folders of the same file are those of hosts.
            watch.folders = []
        } else if isShared {
            watch.role = .host(try HostName.of(watch.stateDirectory, given: host))
        } else if storage != nil || host != nil {
            throw WatchConfiguration.invalid(
                "\(storage == nil ? "host" : "storage") is for hosts that share a ledger; set ledger to "
                    + "postgres://USER@HOST/DATABASE, or leave it out")
        }
    }

    /// The configuration of a daemon that has taken its part. It blocks.
    /// - Throws: As ``takeRole(workingOn:)``.
    package func takingRole(workingOn steps: Set<JobStep>? = nil) throws(DaemonError) -> ServiceConfiguration {
        var service = self
        try service.takeRole(workingOn: steps)
        return service
    }

    /// Keeps what a running daemon was started as.
    package mutating func keepRole(of other: ServiceConfiguration) {
        watch.takesSubmissions = other.watch.takesSubmissions
        watch.role = other.watch.role
        guard watch.role.isWorker else { return }
        watch.folders = []
        watch.stateDirectory = other.watch.stateDirectory
    }
}

/// The name of a host, which stays what it was when its state directory was first used: the files in it go by that name.
package enum HostName {
    /// - Parameter given: The name of a setting.
    /// - Throws: `io_failed`.
    static func of(_ stateDirectory: FilePath, given: String?) throws(DaemonError) -> String {
        let file = stateDirectory.appending("host")
        let known = try? FileDescriptor.contents(of: file, maximum: 1024)
        let noted = known.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) }
        // Before hosts had names, the folders of the directory went by their own.
        let isOlder = FileSystem.isFile(stateDirectory.appending("daemon.pid"))
        let name = given ?? noted ?? (isOlder ? "" : usual)
        guard name != noted else { return name }
        do {
            try FileSystem.makeFolders(stateDirectory, mode: 0o700)
            try FilePublisher.replace(file, with: Array("\(name)\n".utf8))
        } catch {
            throw DaemonError(.ioFailed, "\(PrintableName.of(file)) cannot be written: \(error)")
        }
        return name
    }

    /// The machine's name, as far as it is one of a host.
    private static var usual: String {
        let name = (Machine.hostName ?? "").utf8.filter { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 95].contains(byte)
        }
        return name.isEmpty ? "host" : String(decoding: name.prefix(64), as: UTF8.self)
    }

    /// Time that a daemon of the same name gets to be noticed as gone.
    private static let patience = 20

    /// Reserves a host's name in the ledger, for as long as this process runs.
    /// - Throws: `already_running`; what the ledger throws.
    package static func reserve(_ role: FleetRole, in ledger: any NameLocks) async throws {
        guard case .host(let name) = role else { return }
        for _ in 0..<patience {
            if try await ledger.lock("host:\(name)") != nil { return }
            try await Task.sleep(for: .seconds(1))
        }
        throw DaemonError(
            .alreadyRunning,
            "a daemon of this ledger runs that is \(name.isEmpty ? "a host without a name" : "host '\(name)'"), and two of "
                + "one name would take each other's files for theirs; give this one a name of its own by --host")
    }
}
