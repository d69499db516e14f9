// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The emptied folders of files that are done, kept for the next files from the same place.
///
/// A file system renames a folder in a fraction of the time in which it makes one and removes another.
package final class SpareFolders: Sendable {
    private struct State {
        var ids: [RelativePath: [IntakeID]] = [:]
        var count = 0
    }

    /// As many as files are in work at once, and a few more.
    private static let maximum = 64

    private let state = Mutex(State())

    package init() {}

    /// Keeps a folder.
    /// - Parameter place: The folders inside it, which files from there need again.
    /// - Returns: False when there are enough.
    func keep(_ id: IntakeID, with place: RelativePath) -> Bool {
        state.withLock { state in
            guard state.count < Self.maximum else { return false }
            state.ids[place, default: []].append(id)
            state.count += 1
            return true
        }
    }

    /// Hands out a folder that has the folders of a place inside; `nil` when there is none.
    func take(for place: RelativePath) -> IntakeID? {
        state.withLock { state in
            guard let id = state.ids[place]?.popLast() else { return nil }
            if state.ids[place]?.isEmpty == true { state.ids[place] = nil }
            state.count -= 1
            return id
        }
    }

    /// Hands out all of them.
    func takeAll() -> [(id: IntakeID, place: RelativePath)] {
        state.withLock { state in
            let all = state.ids.flatMap { place, ids in ids.map { ($0, place) } }
            state = State()
            return all
        }
    }
}
