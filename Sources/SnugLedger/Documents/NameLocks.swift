// SPDX-License-Identifier: Apache-2.0

/// Reserves names among all workers.
public protocol NameLocks: Sendable {
    /// Reserves a name for this worker.
    /// - Returns: The reservation, with a number greater than any before it; `nil` when a worker that lives has the name,
    ///   this one included.
    func lock(_ name: String) async throws -> NameLock?
    /// Gives a name back. One that was lost, or given back already, is left alone.
    func unlock(_ lock: NameLock) async throws
}

/// A reserved name. It is free again when its worker's process ends.
public struct NameLock: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The worker.
    public var owner: String
    /// Grows with each reservation of the name.
    public var fence: Int
}
