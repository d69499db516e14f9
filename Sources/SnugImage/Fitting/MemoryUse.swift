// SPDX-License-Identifier: Apache-2.0

/// The use of the memory that the jobs of an ``ImageFitter`` share, at a moment.
public struct MemoryUse: Sendable, Hashable {
    /// Bytes in all.
    public var total: Int
    /// Bytes that running jobs have reserved.
    public var used: Int
    /// Jobs that wait for bytes.
    public var waiting: Int

    package init(total: Int, used: Int, waiting: Int) {
        self.total = total
        self.used = used
        self.waiting = waiting
    }
}
