// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Puts finished files in their place, whole or not at all. Its calls block.
///
/// The bytes go to a temporary file in the same folder, which gets the final name only once they are on the disk. After a
/// failure, a cancellation or a crash there is either the old state or the new one, and at worst a file named `.snug-…`.
package struct FilePublisher: Sendable {
    /// The fate of the final name.
    package enum Outcome: Sendable, Equatable {
        case published
        /// Another file has the name, and it was not to be replaced.
        case nameTaken
    }

    private let calls: PublishingCalls
    private let temporaries: TemporaryFiles
    private let temporaryName: @Sendable () -> String
    private let folderSyncs = FolderSyncs()

    /// A publisher whose temporary files are known to `temporaries` for as long as they are there.
    package init(
        calls: PublishingCalls = .system, temporaries: TemporaryFiles = TemporaryFiles(),
        temporaryName: @escaping @Sendable () -> String = TemporaryFiles.randomName
    ) {
        self.calls = calls
        self.temporaries = temporaries
        self.temporaryName = temporaryName
    }

    /// Puts bytes in place of a file, or of none.
    /// - Throws: ``SystemFailure``.
    package static func replace(
        _ path: FilePath, with bytes: some Collection<UInt8>, mode: UInt32 = 0o600
    ) throws(SystemFailure) {
        let content = Array(bytes)
        do {
            _ = try FilePublisher().publish(to: path, replacing: true, mode: mode) { write in try write(content[...]) }
        } catch {
            throw error as? SystemFailure ?? SystemFailure(doing: "write \(PrintableName.of(path))", reason: .ioError)
        }
    }

    /// Writes a file and gives it its name.
    /// - Parameters:
    ///   - mode: Permissions, where the file takes the place of another.
    ///   - attributes: Taken over from another file before the name is given.
    ///   - isCancelled: Asked between chunks; when true the temporary file is removed.
    ///   - content: Hands the bytes out in order, and throws when they are not to be relied on after all.
    /// - Throws: ``SystemFailure``, `CancellationError`, what `content` throws.
    package func publish(
        to path: FilePath, replacing: Bool, mode: UInt32? = nil, attributes: FileAttributes? = nil,
        isCancelled: @escaping () -> Bool = { false },
        content: (_ write: (ArraySlice<UInt8>) throws -> Void) throws -> Void
    ) throws -> Outcome {
        guard let name = path.lastComponent else {
            throw SystemFailure(
                doing: "write '\(PrintableName.of(path))', which is no name for a file", reason: .invalidArgument)
        }
        let parent = path.removingLastComponent()
        let folderPath = parent.isEmpty ? FilePath(".") : parent
        try doing("make the folder \(PrintableName.of(folderPath))") { () throws(Errno) in
            try calls.makeFolders(folderPath)
        }
        let folder = try doing("open the folder \(PrintableName.of(folderPath))") { () throws(Errno) in
            try calls.openFolder(folderPath)
        }
        defer { try? calls.close(folder) }  // Opened to read: nothing can be lost.
        let temporary = try create(in: folder, at: folderPath, mode: mode)
        defer { temporaries.forget(temporary.path) }
        do {
            try write(content, to: temporary.file, for: path, attributes: attributes, isCancelled: isCancelled)
            try doing("give \(PrintableName.of(path)) its name") { () throws(Errno) in
                try calls.rename(folder, temporary.name, FilePath(root: nil, [name]), replacing)
            }
        } catch {
            // Should this fail as well, the first error matters more, and the name shows whose file it is.
            try? calls.remove(folder, temporary.name)
            if let error = error as? SystemFailure, error.reason == .fileExists, !replacing { return .nameTaken }
            throw error
        }
        try makeDurable(folder, path)
        return .published
    }

    /// The file is there and whole. A file system that cannot sync folders reports an error, which is no failure.
    private func makeDurable(_ folder: FileDescriptor, _ path: FilePath) throws(SystemFailure) {
        do throws(Errno) {
            try folderSyncs.run(folder, calls.synchronize)
        } catch .invalidArgument, .notSupported, .badFileDescriptor {
            return
        } catch {
            throw SystemFailure(doing: "make \(PrintableName.of(path)) durable", reason: error)
        }
    }

    private func create(
        in folder: FileDescriptor, at folderPath: FilePath, mode: UInt32?
    ) throws(SystemFailure) -> Temporary {
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
        throw SystemFailure(doing: "create a file in \(PrintableName.of(folderPath))", reason: lastReason)
    }

    private func write(
        _ content: (_ write: (ArraySlice<UInt8>) throws -> Void) throws -> Void, to file: FileDescriptor,
        for path: FilePath, attributes: FileAttributes?, isCancelled: @escaping () -> Bool
    ) throws {
        func verb() -> String { "write \(PrintableName.of(path))" }
        var isOpen = true
        // A failed close has closed the file too.
        defer { if isOpen { try? calls.close(file) } }
        try content { chunk in
            var rest = chunk
            while !rest.isEmpty {
                if isCancelled() { throw CancellationError() }
                let count = try doing(verb()) { () throws(Errno) in try calls.write(file, rest) }
                guard count > 0 else { throw SystemFailure(doing: verb(), reason: .noSpace) }
                rest = rest.dropFirst(count)
            }
        }
        if let attributes {
            try doing("set the permissions of \(PrintableName.of(path))") { () throws(Errno) in
                try attributes.apply(to: file)
            }
        }
        // A failed sync means that the data may be gone; a second one would hide it, so the file is given up.
        try doing(verb()) { () throws(Errno) in try calls.synchronize(file) }
        isOpen = false
        try doing(verb()) { () throws(Errno) in try calls.close(file) }
    }

    private func doing<Result>(
        _ verb: @autoclosure () -> String, _ call: () throws(Errno) -> Result
    ) throws(SystemFailure) -> Result {
        do { return try call() } catch { throw SystemFailure(doing: verb(), reason: error) }
    }

    private struct Temporary {
        var name: FilePath
        var path: FilePath
        var file: FileDescriptor
    }
}
