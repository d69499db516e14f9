// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem

extension Sweeper {
    /// Removes the objects of a storage that no job refers to any more, when it is this host's turn.
    func sweep(_ storage: any ByteStorage) async {
        // A ledger that hosts do not share knows nothing of their jobs.
        guard let ledger = services.ledger as? any SharedLedger else { return }
        let now = LedgerInstant(milliseconds: WallClock.seconds * 1000)
        do {
            let report = try await StorageSweeper.sweepIfDue(storage, ledger: ledger, now: now, logger: services.logger)
            guard let report else { return }
            services.logger.info(
                "storage swept",
                metadata: [
                    "objects": "\(report.objects)", "removed": "\(report.removed)", "bytes": "\(report.removedBytes)",
                ])
        } catch is CancellationError {
            return
        } catch {
            let reason = (error as? StorageError)?.message ?? "\(error)"
            services.logger.warning("storage cannot be swept", metadata: ["reason": "\(reason)"])
        }
    }
}
