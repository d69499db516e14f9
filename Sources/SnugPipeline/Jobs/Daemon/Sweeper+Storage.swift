// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem

extension Sweeper {
    /// Takes the storage for the ledger, before anything is stored there. One that cannot be reached now is taken later.
    /// - Throws: `invalid_configuration` for the storage of another ledger.
    func takeStorage() async throws {
        guard let (storage, ledger) = sharedServices else { return }
        do {
            try await StorageOwnership.take(storage, for: ledger)
        } catch let error as StorageError {
            guard error.code != .refused else { throw DaemonError(.invalidConfiguration, error.message) }
            services.logger.warning("storage cannot be reached", metadata: ["reason": "\(error.message)"])
        }
    }

    /// Removes the objects of the storage that no job refers to any more, when it is this host's turn.
    func sweepStorage() async {
        guard let (storage, ledger) = sharedServices else { return }
        let now = LedgerInstant(milliseconds: WallClock.seconds * 1000)
        do {
            try await StorageOwnership.take(storage, for: ledger)
            let report = try await StorageSweeper.sweepIfDue(storage, ledger: ledger, now: now, logger: services.logger)
            guard let report else { return }
            services.logger.info(
                "storage swept",
                metadata: [
                    "objects": "\(report.objects)", "removed": "\(report.removed)", "bytes": "\(report.removedBytes)",
                    "unfinished": "\(report.unfinishedRemoved)",
                ])
            guard let note = report.unfinishedNote else { return }
            services.logger.info("unfinished uploads are not looked at", metadata: ["reason": "\(note)"])
        } catch is CancellationError {
            return
        } catch {
            let reason = (error as? StorageError)?.message ?? "\(error)"
            services.logger.warning("storage cannot be swept", metadata: ["reason": "\(reason)"])
        }
    }

    /// The storage, and a ledger that hosts share: another one knows nothing of their jobs.
    private var sharedServices: (any ByteStorage, any SharedLedger)? {
        guard let storage = services.storage, let ledger = services.ledger as? any SharedLedger else { return nil }
        return (storage, ledger)
    }
}
