// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SnugLedger

extension StorageSweeper {
    /// The time between two sweeps of a fleet.
    package static let interval = Duration.seconds(86_400)

    /// Looks through a storage when no host of the fleet has done so for a while, and none is doing so.
    /// - Parameters:
    ///   - storage: The storage.
    ///   - ledger: The ledger that all hosts share; it remembers the sweep.
    ///   - now: Seconds since 1970. Clocks that differ by minutes change nothing.
    /// - Returns: `nil` when it is not this host's turn.
    /// - Throws: As ``sweep(isDryRun:removed:unfinished:)``.
    package static func sweepIfDue(
        _ storage: any ByteStorage, ledger: any SharedLedger, grace: Duration = usualGrace,
        now: LedgerInstant, logger: Logger
    ) async throws -> Report? {
        guard try await ledger.document(.sweeps, storage.place) == nil,
            let lock = try await ledger.lock("storage sweep: \(storage.place)")
        else { return nil }
        do {
            let report = try await sweepOnce(storage, ledger, grace, now, logger)
            try await ledger.unlock(lock)
            return report
        } catch {
            // Another host may go on; that the name cannot be given back matters less than the error.
            try? await ledger.unlock(lock)
            throw error
        }
    }

    private static func sweepOnce(
        _ storage: any ByteStorage, _ ledger: any SharedLedger, _ grace: Duration,
        _ now: LedgerInstant, _ logger: Logger
    ) async throws -> Report? {
        // Another host may have ended between the look and the lock.
        guard try await ledger.document(.sweeps, storage.place) == nil else { return nil }
        try await StorageOwnership.check(storage, for: ledger)
        let report = try await StorageSweeper(storage, ledger: ledger, grace: grace, logger: logger).sweep()
        let counts =
            #"{"objects":\#(report.objects),"removed":\#(report.removed),"unfinished":\#(report.unfinishedRemoved)}"#
        try await ledger.save(counts, as: .sweeps, storage.place, expiresAt: now + interval)
        return report
    }
}
