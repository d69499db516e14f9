// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Remembers during one fit whether the JPEG shows text and lines.
final class ContentFinding: Sendable {
    private let lines = Mutex<Bool?>(nil)

    /// - Parameter find: Asked the first time.
    func isOfLines(_ find: () throws -> Bool) rethrows -> Bool {
        if let known = lines.withLock({ $0 }) { return known }
        let found = try find()
        lines.withLock { $0 = found }
        return found
    }
}
