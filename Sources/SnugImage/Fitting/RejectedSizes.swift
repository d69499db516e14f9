// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization

/// The smallest output over its limit, among all that one fit made to their end.
final class RejectedSizes: Sendable {
    /// An output over the limit.
    struct Output: Sendable, Hashable {
        var byteCount: Int
        var width: Int
        var height: Int
    }

    private let least = Mutex<Output?>(nil)

    /// The smallest so far; `nil` before any.
    var smallest: Output? { least.withLock { $0 } }

    /// Takes an output into account.
    func note(_ output: Output) {
        least.withLock { least in
            if output.byteCount < least?.byteCount ?? .max { least = output }
        }
    }
}
