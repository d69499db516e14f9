// SPDX-License-Identifier: Apache-2.0

extension WatchConfiguration {
    /// The keys of settings that differ and that a running daemon cannot take: it has sized its engine and its threads, and
    /// holds the lock of its state directory.
    /// - Parameter initial: The configuration that the daemon was started with.
    package func keysNeedingRestart(since initial: WatchConfiguration) -> [String] {
        var keys: [String] = []
        if stateDirectory != initial.stateDirectory { keys.append("state_dir") }
        if memory != initial.memory { keys.append("memory") }
        if isolatesFits != initial.isolatesFits { keys.append("isolate") }
        // Fewer than at the start are a matter of handing out less work.
        if workers.fits > initial.workers.fits { keys.append("workers.fits") }
        return keys
    }
}

extension ServiceConfiguration {
    /// The keys of settings that differ and that a running service cannot take: those of its daemon, and of connections,
    /// which are open.
    /// - Parameter initial: The configuration that the service was started with.
    package func keysNeedingRestart(since initial: ServiceConfiguration) -> [String] {
        var keys = watch.keysNeedingRestart(since: initial.watch)
        if ledger != initial.ledger { keys.append("ledger") }
        if storage != initial.storage { keys.append("storage") }
        if storageKeys != initial.storageKeys { keys.append("storage_key") }
        if host != initial.host { keys.append("host") }
        if network.allowsPlainHTTP != initial.network.allowsPlainHTTP { keys.append("network.allow_plain_http") }
        if watch.webhook != initial.watch.webhook { keys.append("webhook") }
        if network.certificates != initial.network.certificates { keys.append("network.cacert") }
        return keys
    }
}
