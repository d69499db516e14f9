// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SystemPackage

extension Checkup {
    /// Checks the ledger. A file is made when a command needs it and not here.
    static func ledger(at place: LedgerLocation) async -> [Checkup] {
        guard place.mayExist else {
            let name = PrintableName.escaped(place.description)
            return [Checkup(name: "ledger", state: .ok, value: "\(name), made when it is needed")]
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
        } catch {
            checks.append(failure("ledger check", error))
        }
        return checks
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
