// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A port of this machine at which connections are refused for as long as this lives: nobody else can take it.
package final class RefusingPort: Sendable {
    package let port: Int
    private let descriptor: Int32

    package init() throws {
        (descriptor, port) = try LoopbackListener.bind()
    }

    deinit { close(descriptor) }
}
