// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugSystem
package import SystemPackage

/// Puts a source where it belongs once the work on it is over. Its calls block, and bear being repeated after a crash.
package struct SourceDisposal: Sendable, Hashable {
    /// The fate of a source that was processed.
    package enum Rule: Sendable, Hashable {
        /// It moves to a folder, under the path that it had in the watched folder.
        case move(to: FilePath)
        case delete
        /// It stays in the watched folder.
        case leave
    }

    package var rule: Rule
    /// The folder for sources that cannot be processed, and for the reports why.
    package var failed: FilePath
    package var work: WorkFolder

    package init(rule: Rule, failed: FilePath, work: WorkFolder) {
        self.rule = rule
        self.failed = failed
        self.work = work
    }

    /// Disposes of a source whose result is delivered.
    /// - Returns: Where it is now; `nil` when it was deleted.
    /// - Throws: ``WatchError``; the source is then still in the work folder.
    @discardableResult
    package func finish(_ file: TakenFile) throws(WatchError) -> FilePath? {
        guard file.isMoved else { return file.path }
        do throws(Errno) {
            switch rule {
            case .move(let folder): return try put(file, into: folder)
            case .delete, .leave:
                for path in [file.path, file.sidecar].compactMap({ $0 }) {
                    do throws(Errno) { try FileSystem.remove(path) } catch .noSuchFileOrDirectory { continue }
                }
                work.removeFolders(of: file.original, id: file.id)
                return nil
            }
        } catch {
            throw WatchError(SystemFailure(doing: "put away \(file.original), which is done", reason: error))
        }
    }

    /// Disposes of a source that cannot be processed: it moves to the folder for those, with a report beside it.
    /// - Parameter error: The error in the shape that it has everywhere: `error`, `message`, `details`.
    /// - Returns: Where the report is.
    /// - Throws: ``WatchError``; the source is then still where it was.
    @discardableResult
    package func fail(_ file: TakenFile, because error: JSONValue) throws(WatchError) -> FilePath {
        do throws(Errno) {
            let place = try freePlace(for: file)
            let report = place.adding(suffix: Self.reportSuffix).path(below: failed)
            var members = error.members
            members["input"] = .text(file.original.description)
            if String(validating: file.original.bytes, as: UTF8.self) == nil {
                members["input_hex"] = .text(file.original.bytes.hexadecimal)
            }
            members["id"] = .text(file.id.text)
            let bytes = JSONValue.object(members).sortedBytes + [0x0A]
            do throws(SystemFailure) {
                try FilePublisher.replace(report, with: bytes, mode: 0o644)
            } catch { throw error.reason }
            // A file that failed before, and fails again, is there already.
            if file.isMoved, file.path != place.path(below: failed) { try put(file, into: failed, at: place) }
            return report
        } catch {
            throw WatchError(SystemFailure(doing: "put \(file.original) into the folder of failures", reason: error))
        }
    }

    static let reportSuffix = ".error.json"

    /// The file of an identifier that failed before, with its report; `nil` when somebody took it away.
    package func failedFile(of original: RelativePath, id: IntakeID) -> (file: TakenFile, report: FilePath)? {
        let nobody = TakenFile(id: id, original: original, path: failed, isMoved: true)
        for place in Self.places(for: nobody, room: Self.reportSuffix) {
            let report = place.adding(suffix: Self.reportSuffix).path(below: failed)
            guard let bytes = try? FileDescriptor.contents(of: report),
                JSONValue(parsing: bytes)?["id"]?.text == id.text
            else { continue }
            var file = nobody
            file.path = place.path(below: failed)
            guard (try? FileIdentity(of: file.path, followsLinks: false))?.kind == .file else { return nil }
            let sidecar = Sidecar.path(of: place).path(below: failed)
            if (try? FileIdentity(of: sidecar, followsLinks: false))?.kind == .file { file.sidecar = sidecar }
            return (file, report)
        }
        return nil
    }

    /// A name that is free, or that an earlier attempt with this very file has used.
    private func freePlace(for file: TakenFile) throws(Errno) -> RelativePath {
        try FileSystem.makeFolders(file.original.folder.path(below: failed))
        for place in Self.places(for: file, room: Self.reportSuffix) {
            let report = place.adding(suffix: Self.reportSuffix).path(below: failed)
            if let bytes = try? FileDescriptor.contents(of: report) {
                // Only our own report may be replaced.
                if JSONValue(parsing: bytes)?["id"]?.text == file.id.text { return place }
            } else if (try? FileIdentity(of: place.path(below: failed), followsLinks: false)) == nil {
                return place
            }
        }
        throw .fileExists
    }

    /// The file's own path; else with the identifier, which nobody else's has.
    /// - Parameter room: An ending that has to fit after the name.
    private static func places(for file: TakenFile, room: String = "") -> [RelativePath] {
        let maximum = FreeName.maximumBytes - room.utf8.count
        return ["", "~\(file.id)"].map { suffix in
            let name = FreeName.variant(of: file.original.name, suffix: suffix, maximumBytes: maximum)
            return file.original.folder.appending(name)
        }
    }

    @discardableResult
    private func put(_ file: TakenFile, into folder: FilePath, at place: RelativePath? = nil) throws(Errno) -> FilePath
    {
        let root = try OpenFolder.openingOrMaking(folder)
        for place in place.map({ [$0] }) ?? Self.places(for: file) {
            let target = try root.openingOrMaking(place.folder.names)
            guard try move(file.path, to: target, as: place.name) else { continue }
            if let sidecar = file.sidecar { _ = try move(sidecar, to: target, as: Sidecar.path(of: place).name) }
            work.removeFolders(of: file.original, id: file.id)
            return place.path(below: folder)
        }
        throw .fileExists
    }

    /// - Returns: False when the name is taken. A file that is gone was moved before a crash.
    private func move(_ path: FilePath, to target: borrowing OpenFolder, as name: [UInt8]) throws(Errno) -> Bool {
        do throws(Errno) {
            let folder = try OpenFolder(path.removingLastComponent())
            let old = RelativePath(bytes: path.bytes).name
            return try FileMover.move(old, from: folder, to: target, as: name) != .nameTaken
        } catch .noSuchFileOrDirectory {
            return true
        }
    }
}
