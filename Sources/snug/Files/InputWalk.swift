// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// One thing to be fitted.
struct InputFile: Sendable, Hashable {
    /// Where the bytes are.
    enum Origin: Sendable, Hashable {
        case file
        case standardInput
    }
    var origin = Origin.file
    /// How it is opened and reported.
    var path: FilePath
    /// Its place below the output folder.
    var relative: FilePath
    /// Named on the command line rather than met in a folder: then it has to be an image.
    var isNamed: Bool
    var followsLinks: Bool
    /// Size at the time of the walk, for the time that is left.
    var byteCount: Int
}

/// Finds the files that the arguments mean.
///
/// Folders are walked in the order of their names' bytes. Hidden entries are left out, and so are our own temporary
/// files. Links inside a folder are followed only when asked for: a folder from elsewhere may point at any file.
struct InputWalk {
    var isRecursive = true
    var followsLinks = false
    /// The folder that outputs go to: not read again when it lies inside an input folder.
    var outputFolder: FileIdentity?

    /// What a walk came upon.
    struct Result {
        var files: [InputFile] = []
        /// What is no file to be read, with the reason.
        var skipped: [(path: FilePath, reason: String)] = []
        var failures: [(path: FilePath, error: ImageError)] = []
        var notices: [String] = []
    }

    /// Walks every argument.
    /// - Parameter isCancelled: Asked at every folder.
    /// - Throws: `invalid_argument` when an input folder is the output folder, `CancellationError`.
    func files(for arguments: [FilePath], isCancelled: () -> Bool = { false }) throws -> Result {
        var result = Result()
        var seen = Set<FilePath>()
        let kinds = arguments.map { argument -> Swift.Result<FileIdentity, Errno> in
            do throws(Errno) { return .success(try FileIdentity(of: argument, followsLinks: true)) } catch {
                return .failure(error)
            }
        }
        let folderCount = kinds.count { (try? $0.get().kind) == .folder }
        for (argument, kind) in zip(arguments, kinds) where seen.insert(argument).inserted {
            if argument.bytes == [0x2D] {
                result.files.append(Self.standardInput)
                continue
            }
            switch kind {
            case .failure(let error):
                result.failures.append((argument, ImageError.system(error.rawValue, doing: "open")))
            case .success(let identity) where identity.kind == .folder:
                // Several folders would flow into one another: each keeps its own name then.
                let name = folderCount > 1 ? argument.lexicallyNormalized().lastComponent.map { FilePath($0) } : nil
                let prefix = name.flatMap { $0.bytes == Array("..".utf8) ? nil : $0 } ?? FilePath()
                try walk(argument, identity, below: prefix, into: &result, isCancelled: isCancelled)
            case .success(let identity):
                result.files.append(
                    InputFile(
                        path: argument, relative: FilePath(bytes: argument.nameBytes), isNamed: true,
                        followsLinks: true,
                        byteCount: identity.byteCount))
            }
        }
        return result
    }

    private static let standardInput = InputFile(
        origin: .standardInput, path: "-", relative: "stdin", isNamed: true, followsLinks: false, byteCount: 0)

    private func walk(
        _ root: FilePath, _ identity: FileIdentity, below prefix: FilePath, into result: inout Result,
        isCancelled: () -> Bool
    ) throws {
        if let outputFolder, identity.isSameFile(as: outputFolder) {
            throw ImageError(
                .invalidArgument,
                "the output folder is the input folder \(PrintableName.of(root)); give another one to -o, or --in-place to "
                    + "replace the files")
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
                result.failures.append((folder.path, SystemFailure(doing: "list the folder", reason: error).imageError))
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

    /// Files an entry under what it is, and hands it back when it is a folder to be walked.
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
                    byteCount: identity.byteCount))
        case .folder:
            if let outputFolder, identity.isSameFile(as: outputFolder) {
                result.notices.append("\(PrintableName.of(entry.path)) is the output folder and is not read")
                return nil
            }
            // Links can make a folder its own descendant.
            return visited.insert(identity).inserted ? entry : nil
        case .link:
            result.skipped.append((entry.path, "a symbolic link (--follow-links follows it)"))
        case .other:
            result.skipped.append((entry.path, "not a regular file"))
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
