// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Does what waits on a thread of its own: Swift's are few, and whom it waits for may need them.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
