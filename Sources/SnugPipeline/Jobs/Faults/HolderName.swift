// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The name of this process among those that share the ledger, once it is known.
final class HolderName: Sendable {
    private let name = Mutex<String?>(nil)

    /// The name; `nil` where nobody shares the ledger.
    var value: String? { name.withLock { $0 } }
    func set(_ value: String) { name.withLock { $0 = value } }
}
