// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport
import Foundation

/// Does what waits on a thread of its own: Swift's are few, and whom it waits for may need them.
///
/// - Parameter asNobody: Without the permissions of the user that the tests run as, who may be allowed everything.
package func onThread<Value: Sendable>(
    asNobody: Bool = false, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            if asNobody { snug_test_drop_file_permissions() }
            continuation.resume(with: Result { try body() })
        }
    }
}
