// SPDX-License-Identifier: Apache-2.0
internal import SnugHTTP
internal import Synchronization

extension UploadJob {
    /// Sends a request that must not be repeated.
    ///
    /// It is recorded before its first byte, because a process that dies while the server works cannot know what became
    /// of it. The record says so until ``noEffect(_:)`` or the end of the upload.
    func exchangeOnce(
        _ keeper: RecordKeeper, _ body: HTTPBody, slot: Int = 0, _ send: () async throws -> Exchange
    ) async throws -> Exchange {
        try await keeper.update { $0.sentEverything = true }
        do {
            return try await send()
        } catch {
            // A body that did not leave completely has no effect.
            let sent = tally.withLock { $0.inFlight[slot] ?? 0 }
            if sent < body.byteCount ?? 0 { try await noEffect(keeper) }
            throw error
        }
    }

    /// Records that the request had no effect.
    func noEffect(_ keeper: RecordKeeper) async throws {
        guard keeper.record.sentEverything else { return }
        try await keeper.update { $0.sentEverything = false }
    }
}
