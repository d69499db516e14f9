// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The maximum that a host accepts in one request, remembered for a day after it refused more.
///
/// Kept in memory for this process, and in the store, if any, for the next.
final class HostLimits: Sendable {
    private let store: (any HostLimitStore)?
    private let known = Mutex<[String: HostLimit]>([:])

    init(_ store: (any HostLimitStore)?) { self.store = store }

    func ceiling(of origin: String, now: Int) throws(UploadError) -> Int? {
        let stored = try store?.hostLimits()[origin]
        let own = known.withLock { $0[origin] }
        return [stored, own].compactMap { $0 }.filter { $0.until > now }.map(\.ceiling).min()
    }

    func remember(ceiling: Int, of origin: String, now: Int) throws(UploadError) {
        // One at a time: two uploads that write at once would overwrite each other's limits.
        try known.withLock { known throws(UploadError) in
            known[origin] = HostLimit(ceiling: ceiling, until: now + 86400)
            guard let store else { return }
            var limits = try store.hostLimits().filter { $0.value.until > now }
            limits[origin] = known[origin]
            try store.saveHostLimits(limits)
        }
    }
}
