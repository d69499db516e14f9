// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// Takes files out of a watched folder, each by one process and once. Its calls block.
package struct Intake: Sendable {
    /// The watched folder.
    package var root: FilePath
    package var work: WorkFolder
    /// Moves files; else they stay where they are, and are remembered by identity and content.
    package var movesSources: Bool

    package init(root: FilePath, work: WorkFolder, movesSources: Bool) {
        self.root = root
        self.work = work
        self.movesSources = movesSources
    }

    /// The fate of a file that was to be taken.
    package enum Outcome: Hashable, Sendable {
        case taken(TakenFile)
        /// It is not in the state any more in which it was found to be complete. It stays, or is back, where it was.
        case changed
        /// It is gone, or another process has taken it.
        case gone
    }

    /// Takes a file in the state in which it was found to be complete.
    ///
    /// Within a file system that is one rename: the name is free for a next file at once, and of two processes one gets
    /// it. A file with further names is copied, so that nobody changes it through one of them while it is worked on.
    /// - Throws: ``WatchError`` for a fault of the surroundings: no space, no permission, a failing disk.
    package func take(_ file: ScannedFile, as id: IntakeID = .random()) throws(WatchError) -> Outcome {
        do throws(Errno) {
            let folder = try OpenFolder(root).opening(file.path.folder.names)
            let identity = try folder.identity(of: file.path.name)
            guard identity.kind == .file, FileVersion(identity) == file.version else { return .changed }
            guard movesSources else {
                let sidecar = Sidecar.path(of: file.path)
                let isThere = (try? folder.identity(of: sidecar.name))?.kind == .file
                return .taken(
                    TakenFile(
                        id: id, original: file.path, path: file.path.path(below: root), isMoved: false,
                        sidecar: isThere ? sidecar.path(below: root) : nil))
            }
            return try move(file, identity, from: folder, as: id)
        } catch .noSuchFileOrDirectory {
            return .gone
        } catch {
            throw WatchError(SystemFailure(doing: "take \(file.path) out of the watched folder", reason: error))
        }
    }

    private func move(
        _ file: ScannedFile, _ identity: FileIdentity, from folder: borrowing OpenFolder, as id: IntakeID
    ) throws(Errno) -> Outcome {
        let names = [Array(id.text.utf8)] + file.path.folder.names
        let place = try OpenFolder.openingOrMaking(work.path, mode: 0o700).openingOrMaking(names)
        let sidecar = Sidecar.path(of: file.path)
        // First: a file that is taken without its sidecar would be worked on with the wrong options.
        let hasSidecar = try Self.moveIfThere(sidecar.name, from: folder, to: place)
        let name = file.path.name
        let outcome: FileMover.Outcome?
        do throws(Errno) {
            outcome = try FileMover.move(name, from: folder, to: place, as: name, copies: identity.linkCount > 1)
        } catch .noSuchFileOrDirectory {
            outcome = nil
        } catch {
            if hasSidecar { try Self.putBack(sidecar.name, from: place, to: folder) }
            work.removeFolders(of: file.path, id: id)
            throw error
        }
        if let outcome, outcome == .moved || outcome == .copied, try isWhole(name, in: place, expecting: file.version) {
            let taken = TakenFile(
                id: id, original: file.path, path: file.path.path(below: work.path.appending(id.text)), isMoved: true,
                sidecar: hasSidecar ? sidecar.path(below: work.path.appending(id.text)) : nil)
            return .taken(taken)
        }
        if outcome == .moved || outcome == .copied { try Self.putBack(name, from: place, to: folder) }
        if hasSidecar { try Self.putBack(sidecar.name, from: place, to: folder) }
        work.removeFolders(of: file.path, id: id)
        return outcome == nil ? .gone : .changed
    }

    /// A rename changes when the file was changed, and nothing else.
    private func isWhole(
        _ name: [UInt8], in place: borrowing OpenFolder, expecting version: FileVersion
    ) throws(Errno) -> Bool { FileVersion(try place.identity(of: name)).hasSameContent(as: version) }

    private static func moveIfThere(
        _ name: [UInt8], from folder: borrowing OpenFolder, to place: borrowing OpenFolder
    ) throws(Errno) -> Bool {
        do throws(Errno) {
            guard try folder.identity(of: name).kind == .file else { return false }
            return [.moved, .copied].contains(try FileMover.move(name, from: folder, to: place, as: name))
        } catch .noSuchFileOrDirectory {
            return false
        } catch .fileNameTooLong {
            // A name that has no room for the ending has no sidecar.
            return false
        }
    }

    /// Where a new file has the name by now, the old one gets a name of its own: none replaces the other.
    private static func putBack(
        _ name: [UInt8], from place: borrowing OpenFolder, to folder: borrowing OpenFolder
    ) throws(Errno) {
        for number in 1...1000 {
            let newName = number == 1 ? name : FreeName.variant(of: name, suffix: "~\(number)")
            if try FileMover.move(name, from: place, to: folder, as: newName) != .nameTaken { return }
        }
        throw .fileExists
    }

    /// Puts sidecars back whose file was not taken any more when the process ended. Call it before the first scan.
    package func recover() throws(WatchError) {
        do throws(Errno) {
            for (id, sidecar) in try work.orphanedSidecars() {
                let place = try OpenFolder(work.path).opening([Array(id.text.utf8)] + sidecar.folder.names)
                let folder = try OpenFolder(root).openingOrMaking(sidecar.folder.names)
                try Self.putBack(sidecar.name, from: place, to: folder)
                work.removeFolders(of: sidecar, id: id)
            }
        } catch {
            throw WatchError(SystemFailure(doing: "put sidecars back into the watched folder", reason: error))
        }
    }
}
