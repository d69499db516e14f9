// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugLedger

/// A process's notice of itself to the others of its fleet.
struct HostNotice: Sendable, Hashable, Codable {
    var name: String
    var role: FleetHost.Role
    var state: FleetHost.State
    var worker: String
    var work: FleetWork
    /// When it started, in milliseconds since 1970 by the ledger's clock.
    var since: Int

    /// The notice that a document is.
    static func reading(_ text: String) -> HostNotice? {
        try? JSONDecoder().decode(HostNotice.self, from: Data(text.utf8))
    }

    /// - Throws: `EncodingError`.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension FleetHost {
    /// - Returns: `nil` for a document of another version.
    init?(_ document: LedgerDocument, now: LedgerInstant) {
        guard let notice = HostNotice.reading(document.payload) else { return nil }
        let isSilent = document.updatedAt + FleetHosts.patience < now
        self.init(
            id: document.key, name: notice.name, role: notice.role,
            state: isSilent && notice.state != .stopped ? .lost : notice.state, worker: notice.worker,
            work: notice.work, since: LedgerInstant(milliseconds: notice.since), seenAt: document.updatedAt)
    }
}
