// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A store of the addresses that objects were given, so that none takes the place of another.
public protocol ObjectNameStore: Sendable {
    /// Gives an address to a content for good, unless another content has it.
    ///
    /// It is durable when this returns, and of several processes one gets it.
    /// - Parameters:
    ///   - address: The address of an object.
    ///   - content: A digest of its bytes.
    /// - Returns: True when the content has the address.
    /// - Throws: `state_failed`.
    func reserve(_ address: String, for content: String) async throws -> Bool
}

extension InMemoryUploadStore: ObjectNameStore {
    /// Gives an address to a content, unless another content has it.
    public func reserve(_ address: String, for content: String) -> Bool {
        state.withLock { state in
            let owner = state.names[address] ?? content
            state.names[address] = owner
            return owner == content
        }
    }
}
