// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Whether a JPEG is of text and lines, found out once for all that one fit makes of it.
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
