// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import Synchronization
package import SystemPackage

/// Space that work leaves free, so that the ledger can still record how it ended, and people can still work on the disk.
package final class DiskReserve: Sendable {
    package typealias Space = @Sendable (FilePath) -> (available: Int, total: Int)?

    /// The reserve of a large file system; a small one keeps a twentieth of itself.
    private static let maximumBytes = 64 << 20
    /// Time for which an answer holds.
    static let interval = Duration.seconds(1)

    /// The bytes that stay free on a file system of this size.
    package static func bytes(ofTotal total: Int) -> Int { min(maximumBytes, total / 20) }

    private let space: Space
    private let last = Mutex<(at: ContinuousClock.Instant, folders: Set<FilePath>, reason: JobReason?)?>(nil)

    init(_ space: @escaping Space) { self.space = space }

    /// The answer of a moment ago, for a caller that may not block; `nil` where there is none that still holds.
    func recentShortage(in folders: Set<FilePath>) -> JobReason?? {
        guard let last = last.withLock({ $0 }), last.folders == folders, ContinuousClock.now - last.at < Self.interval
        else { return nil }
        return .some(last.reason)
    }

    /// Why nothing new is to be begun; `nil` while there is room in all of these folders. It blocks.
    func shortage(in folders: Set<FilePath>) -> JobReason? {
        if let recent = recentShortage(in: folders) { return recent }
        let now = ContinuousClock.now
        var reason: JobReason?
        for folder in folders.sorted(by: { $0.string < $1.string }) where reason == nil {
            reason = shortage(at: folder)
        }
        let found = reason
        last.withLock { $0 = (now, folders, found) }
        return found
    }

    private func shortage(at folder: FilePath) -> JobReason? {
        // A folder that is not there yet is made on the disk of the one above it.
        guard let space = space(folder), space.total > 0 else {
            let parent = folder.removingLastComponent()
            return parent == folder || parent.isEmpty ? nil : shortage(at: parent)
        }
        let reserve = Self.bytes(ofTotal: space.total)
        guard space.available < reserve else { return nil }
        return JobReason(
            code: "disk_full",
            message: "\(PrintableName.of(folder)) has \(space.available / 1000) kB left, and \(reserve / 1000) kB stay "
                + "in reserve; free some space, and work resumes by itself")
    }
}
