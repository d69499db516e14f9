// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugImage
import SnugSystem
import Synchronization

/// The memory of bodies that are received, wait, or are sent: bounded, whatever the number of connections.
final class BodyBudget: Sendable {
    /// Bytes in all.
    let total: Int
    private let used = Mutex(0)

    init(total: Int) { self.total = total }

    /// Bytes that are taken.
    var usedBytes: Int { used.withLock { $0 } }
    /// True when less than a sixteenth is left: most bodies are refused.
    var isFull: Bool { total - usedBytes < total / 16 }

    /// Takes bytes.
    /// - Throws: `overloaded`.
    fileprivate func take(_ bytes: Int) throws(ServiceError) {
        let isTaken = used.withLock { used in
            guard bytes <= total - used else { return false }
            used += bytes
            return true
        }
        guard !isTaken else { return }
        var error = ServiceError(
            .serviceUnavailable, "overloaded",
            "the bodies that are being received and sent take all of the \(ByteCount(total)) set aside for them; try again in 1 s",
            details: ["receiving_bytes": .integer(usedBytes)])
        error.retryAfter = .seconds(1)
        error.closesConnection = true
        throw error
    }

    fileprivate func give(_ bytes: Int) { used.withLock { $0 -= bytes } }
}

/// The share of one body in a ``BodyBudget``, given back with its last reference.
final class BodyShare: Sendable {
    private let budget: BodyBudget
    private let bytes = Mutex(0)

    init(_ budget: BodyBudget) { self.budget = budget }

    deinit { budget.give(bytes.withLock { $0 }) }

    /// Makes the share `count` bytes, for the response that takes the place of the request.
    /// - Throws: `overloaded`.
    func settle(at count: Int) throws(ServiceError) {
        try grow(to: count)
        let excess = bytes.withLock { bytes in
            defer { bytes = count }
            return bytes - count
        }
        budget.give(excess)
    }

    /// Raises the share to `count` bytes.
    /// - Throws: `overloaded`.
    func grow(to count: Int) throws(ServiceError) {
        let missing = count - bytes.withLock { $0 }
        guard missing > 0 else { return }
        try budget.take(missing)
        bytes.withLock { $0 += missing }
    }
}
