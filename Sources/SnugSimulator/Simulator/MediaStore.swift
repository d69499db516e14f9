// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The files on the simulated media host.
final class MediaStore: Sendable {
    struct File: Sendable {
        var id: String
        var owner: String
        var bytes: [UInt8]
        var contentType: String
        var name: String?
        var tags: [String]
        var createdAt: String
    }

    private let files = Mutex<[File]>([])

    /// - Returns: `false` when the identifier is taken.
    func add(_ file: File) -> Bool {
        files.withLock { files in
            guard !files.contains(where: { $0.id == file.id }) else { return false }
            files.append(file)
            return true
        }
    }

    subscript(id: String) -> File? { files.withLock { $0.first { $0.id == id } } }

    func all(owner: String) -> [File] { files.withLock { $0.filter { $0.owner == owner } } }

    func remove(_ id: String, owner: String) -> Bool {
        files.withLock { files in
            guard let index = files.firstIndex(where: { $0.id == id && $0.owner == owner }) else { return false }
            files.remove(at: index)
            return true
        }
    }
}
