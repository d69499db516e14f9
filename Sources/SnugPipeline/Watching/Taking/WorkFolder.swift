// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// The folder in which taken files are while they are worked on. Its calls block.
///
/// Files that are taken together have a folder of their own there, named by their identifier, and in it the paths that they
/// had in the watched folder: `work/01h…/holidays/a.jpg`. The folder tells by itself what was taken from where, so that a
/// restart loses nothing even when the process was killed between moving a file and noting it.
package struct WorkFolder: Sendable, Hashable {
    /// Where it is.
    package var path: FilePath

    package init(path: FilePath) { self.path = path }

    /// The name of a work folder inside a watched folder, which no scan enters.
    package static let nameInside = TemporaryFiles.prefix + "work"

    /// The work folder for a watched folder: the preferred one where moving there is a rename, else one inside.
    package static func choose(for root: FilePath, preferring preferred: FilePath) throws(Errno) -> WorkFolder {
        try FileSystem.makeFolders(preferred, mode: 0o700)
        let devices = try [root, preferred].map { path throws(Errno) in
            try FileIdentity(of: path, followsLinks: true).device
        }
        if devices[0] == devices[1] { return WorkFolder(path: preferred) }
        let inside = root.appending(nameInside)
        do throws(Errno) {
            try FileSystem.makeFolders(inside, mode: 0o700)
            return WorkFolder(path: inside)
        } catch {
            // A watched folder that cannot be written: files are copied.
            return WorkFolder(path: preferred)
        }
    }

    /// The files in the folder, for a restart.
    package func contents() throws(Errno) -> [TakenFile] {
        let names: [[UInt8]]
        do throws(Errno) { names = try FolderListing.names(in: path) } catch .noSuchFileOrDirectory { return [] }
        return names.flatMap { name in IntakeID(String(decoding: name, as: UTF8.self)).map(files(of:)) ?? [] }
    }

    /// The file of an identifier whose place in the watched folder is known; `nil` when it is gone.
    func file(of id: IntakeID, from original: RelativePath) -> TakenFile? {
        let folder = path.appending(id.text)
        let place = original.path(below: folder)
        guard (try? FileIdentity(of: place, followsLinks: false))?.kind == .file else { return nil }
        let sidecar = Sidecar.path(of: original).path(below: folder)
        let hasSidecar = (try? FileIdentity(of: sidecar, followsLinks: false))?.kind == .file
        return TakenFile(
            id: id, original: original, path: place, isMoved: true, sidecar: hasSidecar ? sidecar : nil)
    }

    /// A file of an identifier; `nil` when there is none.
    package func file(of id: IntakeID) -> TakenFile? { files(of: id).first }

    /// The files of an identifier.
    func files(of id: IntakeID) -> [TakenFile] {
        let folder = path.appending(id.text)
        let files = Self.files(in: folder, at: .root)
        let all = Set(files)
        return files.filter { WatchRules.nameClass($0.name) != .sidecar }.map { original in
            let sidecar = Sidecar.path(of: original)
            return TakenFile(
                id: id, original: original, path: original.path(below: folder), isMoved: true,
                sidecar: all.contains(sidecar) ? sidecar.path(below: folder) : nil)
        }
    }

    /// Paths of sidecars whose file was never taken: the process ended in between. Files are taken one after the other, so
    /// that it is one of those that were taken together.
    func orphanedSidecars() throws(Errno) -> [(id: IntakeID, sidecar: RelativePath)] {
        let names: [[UInt8]]
        do throws(Errno) { names = try FolderListing.names(in: path) } catch .noSuchFileOrDirectory { return [] }
        return names.compactMap { name in
            guard let id = IntakeID(String(decoding: name, as: UTF8.self)) else { return nil }
            let files = Self.files(in: path.appending(id.text), at: .root)
            let owned = Set(files.map { Sidecar.path(of: $0) })
            let orphans = files.filter { WatchRules.nameClass($0.name) == .sidecar && !owned.contains($0) }
            return orphans.count == 1 ? orphans.first.map { (id, $0) } : nil
        }
    }

    /// Removes the folder of an identifier as far as nothing is in it.
    func removeFolders(of file: RelativePath, id: IntakeID) {
        let root = path.appending(id.text)
        var folder = file.folder
        while folder != .root {
            guard Self.removeFolder(folder.path(below: root)) else { return }
            folder = folder.folder
        }
        _ = Self.removeFolder(root)
    }

    /// - Returns: False when it stays.
    private static func removeFolder(_ folder: FilePath) -> Bool {
        do throws(Errno) { try FileSystem.removeFolder(folder) } catch { return error == .noSuchFileOrDirectory }
        return true
    }

    /// Removes the folders of identifiers in which no file is, left by a process that was killed.
    /// - Parameter minimumAge: Seconds without a change: another process may have made one to put a file in.
    package func removeEmptyFolders(minimumAge: Int = 60) {
        let end = (WallClock.seconds - minimumAge) * 1_000_000_000
        for name in (try? FolderListing.names(in: path)) ?? [] {
            let folder = path.appending(FilePath(bytes: name).components)
            guard IntakeID(String(decoding: name, as: UTF8.self)) != nil,
                let identity = try? FileIdentity(of: folder, followsLinks: false), identity.changed < end
            else { continue }
            Self.removeEmptyTree(folder)
        }
    }

    /// Links are left alone, and so is what has files in it.
    private static func removeEmptyTree(_ folder: FilePath) {
        for name in (try? FolderListing.names(in: folder)) ?? [] {
            let entry = folder.appending(FilePath(bytes: name).components)
            guard (try? FileIdentity(of: entry, followsLinks: false))?.kind == .folder else { return }
            removeEmptyTree(entry)
        }
        try? FileSystem.removeFolder(folder)
    }

    private static func files(in folder: FilePath, at place: RelativePath) -> [RelativePath] {
        guard let names = try? FolderListing.names(in: folder) else { return [] }
        return names.flatMap { name -> [RelativePath] in
            let path = folder.appending(FilePath(bytes: name).components)
            guard let identity = try? FileIdentity(of: path, followsLinks: false) else { return [] }
            switch identity.kind {
            case .file where !name.starts(with: TemporaryFiles.prefix.utf8): return [place.appending(name)]
            case .folder: return files(in: path, at: place.appending(name))
            default: return []
            }
        }
    }
}
