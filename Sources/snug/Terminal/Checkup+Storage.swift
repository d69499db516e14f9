// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SystemPackage

extension Checkup {
    /// Checks a storage by an object of its own, which it removes again.
    static func storage(at address: StorageAddress, _ storage: any ByteStorage) async throws -> [Checkup] {
        let folder = FilePath(Machine.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp")
        let findings = try await StorageProbe(storage, folder: folder).run()
        let place = Checkup(name: "storage", state: .ok, value: PrintableName.escaped(address.description))
        return [place] + findings.map(check)
    }

    /// A storage that cannot even be opened.
    static func storage(_ error: StorageError) -> Checkup { failure("storage", error) }

    private static func check(_ finding: StorageProbe.Finding) -> Checkup {
        let name = "storage \(finding.step.rawValue)"
        guard let fault = finding.fault else { return Checkup(name: name, state: .ok, value: "works") }
        return failure(name, fault)
    }

    private static func failure(_ name: String, _ error: StorageError) -> Checkup {
        // The remedy comes last in every message.
        let parts = error.message.split(separator: "; ", maxSplits: 1).map(String.init)
        return Checkup(
            name: name, state: .fail, value: parts.first ?? error.message,
            remedy: parts.count > 1 ? parts[1] : "see docs/fleet.md for what a storage needs")
    }
}
