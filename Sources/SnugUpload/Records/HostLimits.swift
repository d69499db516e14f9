// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The maximum that a host accepts in one request, remembered for a day after it refused more.
///
/// Kept in memory for this process, and in the store, if any, for the next.
final class HostLimits: Sendable {
    private let store: (any HostLimitStore)?
    private let known = Mutex<[String: HostLimit]>([:])

    init(_ store: (any HostLimitStore)?) { self.store = store }

    func ceiling(of origin: String, now: Int) async throws -> Int? {
        let stored = try await store?.hostLimit(of: origin)
        let own = known.withLock { $0[origin] }
        return [stored, own].compactMap { $0 }.filter { $0.until > now }.map(\.ceiling).min()
    }

    func remember(ceiling: Int, of origin: String, now: Int) async throws {
        let limit = HostLimit(ceiling: ceiling, until: now + 86400)
        known.withLock { $0[origin] = limit }
        try await store?.saveHostLimit(limit, of: origin)
    }
}
