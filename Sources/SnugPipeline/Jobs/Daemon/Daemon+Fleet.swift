// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import Synchronization

extension Daemon {
    /// Tells the processes that share the ledger of this one; `nil` where nobody shares it.
    func makeBeat(_ setup: DaemonSetup) async -> HostBeat? {
        guard let ledger = services.ledger as? any SharedLedger,
            let identity = await services.threads.runUncancelled({ HostBeat.Identity.of(setup.configuration) })
        else { return nil }
        services.holder.set(identity.id)
        let beat = HostBeat(
            identity, services: services, ledger: ledger, setup: { [weak self] in self?.setup ?? setup }
        ) {
            [weak self] in self?.state.withLock { $0.phase } == .draining ? .draining : .running
        }
        await beat.tell(.running)
        return beat
    }
}
