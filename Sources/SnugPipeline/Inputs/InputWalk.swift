// SPDX-License-Identifier: Apache-2.0
package import SnugImage
package import SnugSystem
package import SystemPackage

/// Finds the input files below the given paths. Its calls block.
///
/// Folders are walked in the order of their names' bytes. Hidden entries are left out, and so are our own temporary
/// files. Links inside a folder are followed only on request: a folder from elsewhere may point at any file.
package struct InputWalk {
    package var isRecursive: Bool
    package var followsLinks: Bool
    /// The folder that outputs go to: not read again when it lies inside an input folder.
    package var outputFolder: FileIdentity?
    /// Takes `-` for a stream, not for a file's name.
    package var readsStream: Bool

    package init(
        isRecursive: Bool = true, followsLinks: Bool = false, outputFolder: FileIdentity? = nil,
        readsStream: Bool = false
    ) {
        self.isRecursive = isRecursive
        self.followsLinks = followsLinks
        self.outputFolder = outputFolder
        self.readsStream = readsStream
    }

    /// The files found, and what is left out.
    package struct Result {
        package var files: [InputFile] = []
        /// Entries that are no files to be read.
        package var skipped: [(path: FilePath, reason: FitRecord.SkipReason)] = []
        package var failures: [(path: FilePath, error: ImageError)] = []
        package var notices: [String] = []
    }

    /// Walks every path.
    /// - Parameter isCancelled: Asked at every folder.
    /// - Throws: `invalid_argument` when an input folder is the output folder, `CancellationError`.
    package func files(for arguments: [FilePath], isCancelled: () -> Bool = { false }) throws -> Result {
        var result = Result()
        var seen = Set<FilePath>()
        let kinds = arguments.map { argument -> Swift.Result<FileIdentity, Errno> in
            do throws(Errno) { return .success(try FileIdentity(of: argument, followsLinks: true)) } catch {
                return .failure(error)
            }
        }
        let folderCount = kinds.count { (try? $0.get().kind) == .folder }
        var hasStream = false
        for (argument, kind) in zip(arguments, kinds) {
            if readsStream, argument.isDash {
                if !hasStream { result.files.append(.stream) }
                hasStream = true
                continue
            }
            guard seen.insert(Self.withoutDots(argument)).inserted else { continue }
            switch kind {
            case .failure(let error):
                result.failures.append((argument, ImageError.system(error.rawValue, doing: "open")))
            case .success(let identity) where identity.kind == .folder:
                // The files of several folders would mix: each folder keeps its own name then.
                let name = folderCount > 1 ? argument.lexicallyNormalized().lastComponent.map { FilePath($0) } : nil
                let prefix = name.flatMap { $0.bytes == Array("..".utf8) ? nil : $0 } ?? FilePath()
                try walk(argument, identity, below: prefix, into: &result, isCancelled: isCancelled)
            case .success(let identity):
                result.files.append(
                    InputFile(
                        path: argument, relative: FilePath(bytes: argument.nameBytes), isNamed: true,
                        followsLinks: true,
                        byteCount: identity.byteCount, state: FileState(identity)))
            }
        }
        return result
    }

    /// The path without steps that lead nowhere: `./a` is `a`. A step to the parent may lead out of a link's folder.
    private static func withoutDots(_ path: FilePath) -> FilePath {
        var path = path
        path.components.removeAll { $0.kind == .currentDirectory }
        return path
    }

    private func walk(
        _ root: FilePath, _ identity: FileIdentity, below prefix: FilePath, into result: inout Result,
        isCancelled: () -> Bool
    ) throws {
        if let outputFolder, identity.isSameFile(as: outputFolder) {
            throw ImageError(
                .invalidArgument,
                "the output folder is the input folder \(PrintableName.of(root)); choose another output folder, or replace "
                    + "the files in place")
        }
        var visited: Set<FileIdentity> = [identity]
        // A stack, not recursion: folders may be nested as deep as paths allow.
        var pending = [Folder(path: root, relative: prefix)]
        while let folder = pending.popLast() {
            if isCancelled() { throw CancellationError() }
            let names: [[UInt8]]
            do throws(Errno) {
                names = try FolderListing.names(in: folder.path)
            } catch {
                result.failures.append(
                    (folder.path, ImageError(SystemFailure(doing: "list the folder", reason: error))))
                continue
            }
            var subfolders: [Folder] = []
            for name in names where name.first != 0x2E {
                let entry = folder.appending(name)
                if let subfolder = examine(entry, visited: &visited, into: &result) { subfolders.append(subfolder) }
            }
            if isRecursive { pending.append(contentsOf: subfolders.reversed()) }
        }
    }

    /// Sorts an entry by its kind, and returns it when it is a folder to be walked.
    private func examine(_ entry: Folder, visited: inout Set<FileIdentity>, into result: inout Result) -> Folder? {
        let identity: FileIdentity
        do throws(Errno) {
            identity = try FileIdentity(of: entry.path, followsLinks: followsLinks)
        } catch {
            result.failures.append((entry.path, ImageError.system(error.rawValue, doing: "examine")))
            return nil
        }
        switch identity.kind {
        case .file:
            result.files.append(
                InputFile(
                    path: entry.path, relative: entry.relative, isNamed: false, followsLinks: followsLinks,
                    byteCount: identity.byteCount, state: FileState(identity)))
        case .folder:
            if let outputFolder, identity.isSameFile(as: outputFolder) {
                result.notices.append("\(PrintableName.of(entry.path)) is the output folder and is not read")
                return nil
            }
            // Links can make a folder its own descendant.
            return visited.insert(identity).inserted ? entry : nil
        case .link:
            result.skipped.append((entry.path, .symbolicLink))
        case .other:
            result.skipped.append((entry.path, .notARegularFile))
        }
        return nil
    }

    private struct Folder {
        var path: FilePath
        var relative: FilePath

        func appending(_ name: [UInt8]) -> Folder {
            let name = FilePath(bytes: name)
            return Folder(path: path.appending(name.components), relative: relative.appending(name.components))
        }
    }
}
