// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// Puts finished files in their place, whole or not at all.
///
/// The bytes go to a temporary file in the same folder, which gets the final name only once they are on the disk. After a
/// failure, a cancellation or a crash there is either the old state or the new one, and at worst a file named `.snug-…`.
struct Publisher: Sendable {
    /// What happened to the final name.
    enum Outcome: Sendable, Equatable {
        case published
        /// Somebody else has taken the name, and it was not to be replaced.
        case nameTaken
    }

    private let calls: FileCalls
    private let temporaries: TemporaryFiles
    private let temporaryName: @Sendable () -> String

    /// A publisher whose temporary files are known to `temporaries` for as long as they are there.
    init(
        calls: FileCalls = .system, temporaries: TemporaryFiles,
        temporaryName: @escaping @Sendable () -> String = TemporaryFiles.randomName
    ) {
        self.calls = calls
        self.temporaries = temporaries
        self.temporaryName = temporaryName
    }

    /// Writes a file and gives it its name.
    /// - Parameters:
    ///   - content: The file's bytes, and how to check them once more before they get the name.
    ///   - mode: Permissions, where the file takes the place of another.
    ///   - isCancelled: Asked between chunks; when it says so the temporary file is removed.
    /// - Throws: ``ImageError`` of the system's reason, `CancellationError`, what reading `content` throws.
    func publish(
        _ content: PublishedContent, to path: FilePath, replacing: Bool, mode: UInt32? = nil,
        isCancelled: () -> Bool = { false }
    ) throws -> Outcome {
        guard let name = path.lastComponent else {
            throw ImageError(.invalidArgument, "'\(PrintableName.of(path))' is no name for a file; give another output")
        }
        let parent = path.removingLastComponent()
        let folderPath = parent.isEmpty ? FilePath(".") : parent
        try makeFolders(folderPath)
        let folder: Int32
        do throws(Errno) {
            folder = try calls.openFolder(folderPath)
        } catch {
            throw SystemFailure(doing: "open the folder \(PrintableName.of(folderPath))", reason: error).imageError
        }
        defer { try? calls.close(folder) }  // Opened to read: nothing can be lost.
        let temporary = try create(in: folder, at: folderPath, mode: mode)
        defer { temporaries.forget(temporary.path) }
        do {
            try write(content, to: temporary.file, for: path, isCancelled: isCancelled)
            try content.verify()
            try doing("give \(PrintableName.of(path)) its name") { () throws(Errno) in
                try calls.rename(folder, temporary.name, FilePath(name), replacing)
            }
        } catch {
            removeTemporary(temporary.name, in: folder)
            if let error = error as? SystemFailure, error.reason == .fileExists, !replacing { return .nameTaken }
            throw (error as? SystemFailure)?.imageError ?? error
        }
        // The file is there and whole. A file system that cannot sync folders says so by an error, which is no failure.
        do throws(Errno) {
            try calls.sync(folder)
        } catch .invalidArgument, .notSupported, .badFileDescriptor {
            return .published
        } catch {
            throw SystemFailure(doing: "make \(PrintableName.of(path)) durable", reason: error).imageError
        }
        return .published
    }

    private func makeFolders(_ path: FilePath) throws {
        var missing: [FilePath] = []
        var current = path
        // Deepest first: usually the folder is there already, and one call finds that out.
        while !current.isEmpty {
            do throws(Errno) {
                try calls.makeFolder(current)
                break
            } catch .fileExists {
                break
            } catch .noSuchFileOrDirectory {
                missing.append(current)
                current.removeLastComponent()
            } catch {
                // "." and mount points answer EISDIR, EROFS or EACCES though they are there: opening will tell.
                break
            }
        }
        for path in missing.reversed() {
            do throws(Errno) {
                try calls.makeFolder(path)
            } catch .fileExists {
                continue
            } catch {
                throw SystemFailure(doing: "make the folder \(PrintableName.of(path))", reason: error).imageError
            }
        }
    }

    private func create(in folder: Int32, at folderPath: FilePath, mode: UInt32?) throws -> Temporary {
        var lastReason = Errno.fileExists
        for _ in 0..<100 {
            let name = FilePath(temporaryName())
            let path = folderPath.appending(name.components)
            temporaries.remember(path)
            do throws(Errno) {
                return Temporary(name: name, path: path, file: try calls.create(folder, name, mode))
            } catch {
                temporaries.forget(path)
                lastReason = error
                if error != .fileExists { break }
            }
        }
        throw SystemFailure(doing: "create a file in \(PrintableName.of(folderPath))", reason: lastReason).imageError
    }

    private func write(
        _ content: PublishedContent, to file: Int32, for path: FilePath, isCancelled: () -> Bool
    ) throws {
        let verb = "write \(PrintableName.of(path))"
        var isOpen = true
        // A failed close has closed the file too.
        defer { if isOpen { try? calls.close(file) } }
        try content.forEachChunk { chunk in
            var rest = chunk
            while !rest.isEmpty {
                if isCancelled() { throw CancellationError() }
                let count = try doing(verb) { () throws(Errno) in try calls.write(file, rest) }
                guard count > 0 else { throw SystemFailure(doing: verb, reason: .noSpace) }
                rest = rest.dropFirst(count)
            }
        }
        // A failed sync means that the data may be gone; asking again would hide it, so the file is given up.
        try doing(verb) { () throws(Errno) in try calls.sync(file) }
        isOpen = false
        try doing(verb) { () throws(Errno) in try calls.close(file) }
    }

    private func removeTemporary(_ name: FilePath, in folder: Int32) {
        // Should this fail as well, the first error is the one to tell, and the name shows whose file it is.
        try? calls.remove(folder, name)
    }

    private func doing<Result>(_ verb: String, _ call: () throws(Errno) -> Result) throws(SystemFailure) -> Result {
        do { return try call() } catch { throw SystemFailure(doing: verb, reason: error) }
    }

    private struct Temporary {
        var name: FilePath
        var path: FilePath
        var file: Int32
    }
}
