// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A store of finished uploads, so that the same upload again sends only what is missing.
public protocol FinishedUploadStore: Sendable {
    /// The receipt of a finished upload; `nil` when there is none.
    /// - Throws: `state_failed`.
    func receipt(of key: String) async throws -> UploadReceipt?
    /// Keeps a receipt in place of the one before.
    /// - Parameters:
    ///   - key: A digest of content and target.
    ///   - receipt: The evidence that the server has it.
    /// - Throws: `state_failed`.
    func finish(_ key: String, with receipt: UploadReceipt) async throws
}

extension InMemoryUploadStore: FinishedUploadStore {
    /// The receipt of a finished upload.
    public func receipt(of key: String) -> UploadReceipt? { state.withLock { $0.finished[key] } }

    /// Keeps a receipt in place of the one before.
    public func finish(_ key: String, with receipt: UploadReceipt) { state.withLock { $0.finished[key] = receipt } }
}
