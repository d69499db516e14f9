// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

extension Checkup {
    /// Checks the ledger. A file is made when a command needs it and not here.
    static func ledger(at place: LedgerLocation) async -> [Checkup] {
        guard place.mayExist else {
            return [await missing(place)]
        }
        do {
            let ledger = try await place.open()
            let checks = await self.checks(of: ledger)
            // Where that fails, nothing was changed.
            try? await ledger.close()
            return checks
        } catch {
            return [failure("ledger", error)]
        }
    }

    /// A ledger that is to be made: something can be made in the nearest folder that is there.
    private static func missing(_ place: LedgerLocation) async -> Checkup {
        let name = PrintableName.escaped(place.description)
        let ok = Checkup(name: "ledger", state: .ok, value: "\(name), made when it is needed")
        guard case .file(let path) = place else { return ok }
        var folder = path.removingLastComponent()
        while !folder.isEmpty, folder.lastComponent != nil, (try? FileIdentity(of: folder, followsLinks: true)) == nil {
            folder.removeLastComponent()
        }
        if folder.isEmpty { folder = "." }
        let (parent, probe) = (folder, folder.appending(TemporaryFiles.randomName()))
        do {
            // Permissions alone do not tell: a disk may be read-only.
            try await BlockingThreads(count: 1).run {
                try FileSystem.makeFolder(probe, mode: 0o700)
                try FileSystem.removeFolder(probe)
            }
            return ok
        } catch {
            return Checkup(
                name: "ledger", state: .fail, value: "\(name) cannot be made in \(PrintableName.of(parent)): \(error)",
                remedy: "make that folder writable, or name another with --state")
        }
    }

    private static func checks(of ledger: any SharedLedger) async -> [Checkup] {
        var checks: [Checkup] = []
        do {
            let facts = try await ledger.facts()
            checks = [
                Checkup(name: "ledger", state: .ok, value: PrintableName.escaped(facts.place)),
                Checkup(name: "ledger schema", state: .ok, value: "version \(facts.schemaVersion)"),
                Checkup(name: "ledger size", state: .ok, value: "\(ByteCount(facts.bytes))"),
                Checkup(name: "ledger disk", state: .ok, value: facts.medium ?? "unknown"),
            ]
            try await ledger.checkIntegrity()
            checks.append(Checkup(name: "ledger check", state: .ok, value: "whole, and its books balance"))
            let fleet = try await FleetHosts(from: ledger)
            if fleet.isFleet { checks.append(check(of: fleet)) }
        } catch {
            checks.append(failure("ledger check", error))
        }
        return checks
    }

    /// Hosts that run, and those that do not any more.
    private static func check(of fleet: FleetHosts) -> Checkup {
        let (alive, lost) = (fleet.hosts.filter(\.isAlive), fleet.hosts.filter { $0.state == .lost })
        let roles = FleetHost.Role.allCases.compactMap { role -> String? in
            let count = alive.count { $0.role == role }
            return count == 0 ? nil : "\(count) \(role.rawValue)"
        }
        let value = "\(alive.count) running" + (roles.isEmpty ? "" : " (\(roles.joined(separator: ", ")))")
        guard !lost.isEmpty else { return Checkup(name: "hosts", state: .ok, value: value) }
        let names = lost.map { "\($0.words) since \($0.seenAt.timestamp)" }.joined(separator: ", ")
        return Checkup(
            name: "hosts", state: .warn, value: "\(value); not seen: \(names)",
            remedy: "start them again, or see with snug jobs what waits for them")
    }

    private static func failure(_ name: String, _ error: any Error) -> Checkup {
        // The remedy comes last in every message.
        let message = (error as? LedgerError)?.message ?? "\(error)"
        let parts = message.split(separator: "; ", maxSplits: 1).map(String.init)
        return Checkup(
            name: name, state: .fail, value: parts.first ?? message,
            remedy: parts.count > 1 ? parts[1] : "keep a copy of the ledger, and report it")
    }
}
