// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

extension FolderStorage {
    /// The temporary files of objects that were being stored.
    package func forEachUnfinished(_ visit: (UnfinishedObject) async throws -> Void) async throws {
        for object in try await threads.run({ try unfinished() }) { try await visit(object) }
    }

    /// Removes a temporary file.
    package func removeUnfinished(_ object: UnfinishedObject) async throws {
        try await threads.run {
            let path = root.appending(FilePath(object.name).components)
            guard let name = path.lastComponent, Self.isTemporary(name.string) else {
                throw StorageError(.refused, "\(PrintableName.of(path)) is no temporary file of a storage")
            }
            do throws(Errno) { try FileSystem.remove(path) } catch .noSuchFileOrDirectory { return } catch {
                throw Self.fault(SystemFailure(doing: "remove \(PrintableName.of(path))", reason: error), path)
            }
        }
    }

    /// It blocks.
    private func unfinished() throws -> [UnfinishedObject] {
        try checkPresence()
        let now = try storageTime()
        let objects = try names(in: root.appending("sha256")).filter { $0.utf8.count == 2 }.sorted()
        return try ([""] + objects.map { "sha256/\($0)/" }).flatMap { folder in
            try names(in: root.appending(FilePath(folder).components)).filter(Self.isTemporary).sorted().compactMap {
                name in
                let path = root.appending(FilePath(folder + name).components)
                // One that is gone by now has got its name.
                guard let identity = try? FileIdentity(of: path, followsLinks: false), identity.kind == .file else {
                    return nil
                }
                let age = Duration.nanoseconds(max(0, now - max(identity.modified, identity.changed)))
                return UnfinishedObject(name: folder + name, age: age)
            }
        }
    }

    private static func isTemporary(_ name: String) -> Bool { name.hasPrefix(TemporaryFiles.prefix) && name != mark }
}
