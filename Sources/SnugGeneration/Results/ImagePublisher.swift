// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// Puts finished images in their place, whole or not at all. Its calls block.
///
/// An image is written under another name in the same folder and gets its own once its bytes are on the disk, so that a
/// crash leaves at worst a file named `.snug-…`.
struct ImagePublisher: Sendable {
    /// A name in a folder for an image that is not whole yet; what has it is removed with the last reference.
    final class Temporary: Sendable {
        let path: FilePath
        fileprivate init(in folder: FilePath) {
            path = folder.appending(TemporaryFiles.randomName())
        }
        deinit { FileSystem.removeIfThere(path) }
    }

    /// Makes the folder, and a name in it.
    func temporary(in folder: FilePath) -> Temporary {
        // A folder that cannot be made shows when the file is created in it.
        try? FileSystem.makeFolders(folder)
        return Temporary(in: folder)
    }

    /// Finds out whether a file can be made there.
    func check(_ destination: ImageDestination) throws(GenerationError) {
        guard FilePath.Component(destination.name) != nil else { throw Self.noName(destination.name) }
        TemporaryFiles.sweep(destination.folder)
        let temporary = temporary(in: destination.folder)
        try Self.doing("write \(temporary.path)") { () throws(Errno) in
            try Self.create(temporary.path).closeIgnoringErrors()
        }
    }

    private static func noName(_ name: String) -> GenerationError {
        GenerationError(.outputFailed, "\"\(name)\" is no name for a file; give another")
    }

    /// Copies an image that came within a response.
    func copy(_ image: SpooledImage, to temporary: Temporary) throws(GenerationError) {
        try Self.doing("write \(temporary.path)") { () throws(Errno) in
            let source = try FileDescriptor.opening(image.path, .readOnly)
            defer { source.closeIgnoringErrors() }
            let target = try Self.create(temporary.path)
            defer { target.closeIgnoringErrors() }
            while true {
                let chunk = try source.readBytes(maximum: 256 * 1024)
                if chunk.isEmpty { return }
                try target.writeBytes(chunk)
            }
        }
    }

    /// Writes an image that was converted.
    func write(_ bytes: [UInt8], to temporary: Temporary) throws(GenerationError) {
        try Self.doing("write \(temporary.path)") { () throws(Errno) in
            let target = try Self.create(temporary.path)
            defer { target.closeIgnoringErrors() }
            try target.writeBytes(bytes)
        }
    }

    private static func create(_ path: FilePath) throws(Errno) -> FileDescriptor {
        try FileDescriptor.opening(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o666))
    }

    /// Gives an image its name.
    /// - Returns: Where it is, which is not the name asked for when that was taken.
    func publish(
        _ temporary: Temporary, to destination: ImageDestination, mediaType: String
    ) throws(GenerationError) -> FilePath {
        try Self.doing("write \(temporary.path)") { () throws(Errno) in
            let file = try FileDescriptor.opening(temporary.path, .readOnly)
            defer { file.closeIgnoringErrors() }
            try file.synchronize()
        }
        let wanted = destination.fileExtension.flatMap { Self.isNamed($0, mediaType) ? $0 : nil }
        let suffix = "." + (wanted ?? Self.fileExtension(mediaType))
        for number in 1...10_000 {
            let name = destination.name + (number == 1 ? "" : "-\(number)") + suffix
            guard let component = FilePath.Component(name) else {
                throw Self.noName(name)
            }
            let path = destination.folder.appending([component])
            let isThere = try Self.doing("create \(path)") { () throws(Errno) in
                var isThere = try give(temporary, path, replacing: destination.replaces)
                if !isThere { isThere = try isSame(temporary.path, path) }
                guard isThere else { return false }
                try FileSystem.synchronizeFolder(destination.folder)
                return true
            }
            if isThere { return path }
        }
        throw GenerationError(.outputFailed, "\(destination.folder) has too many files named \(destination.name)")
    }

    /// - Returns: False when the name is taken and not to be replaced.
    private func give(_ temporary: Temporary, _ path: FilePath, replacing: Bool) throws(Errno) -> Bool {
        let calls = PublishingCalls.system
        let parent = path.removingLastComponent()
        let folder = try calls.openFolder(parent.isEmpty ? "." : parent)
        defer { folder.closeIgnoringErrors() }
        guard let old = temporary.path.lastComponent, let new = path.lastComponent else { throw .invalidArgument }
        do throws(Errno) {
            try calls.rename(folder, FilePath(root: nil, [old]), FilePath(root: nil, [new]), replacing)
            return true
        } catch .fileExists {
            return false
        }
    }

    /// True when a file of this length has the name.
    func isThere(_ path: FilePath, byteCount: Int) -> Bool {
        guard let identity = try? FileIdentity(of: path, followsLinks: true) else { return false }
        return identity.kind == .file && identity.byteCount == byteCount
    }

    private func isSame(_ first: FilePath, _ second: FilePath) throws(Errno) -> Bool {
        guard let byteCount = try? FileIdentity(of: first, followsLinks: true).byteCount,
            isThere(second, byteCount: byteCount)
        else { return false }
        let left = try FileDescriptor.opening(first, .readOnly)
        defer { left.closeIgnoringErrors() }
        // A file that cannot be read belongs to another user.
        guard let right = try? FileDescriptor.opening(second, .readOnly) else { return false }
        defer { right.closeIgnoringErrors() }
        while true {
            let here = try left.readBytes(maximum: 64 * 1024)
            if here != (try right.readBytes(maximum: 64 * 1024)) { return false }
            if here.isEmpty { return true }
        }
    }

    private static func doing<Result>(
        _ what: String, _ call: () throws(Errno) -> Result
    ) throws(GenerationError) -> Result {
        do {
            return try call()
        } catch {
            throw GenerationError(.outputFailed, "cannot \(what): \(error); choose another place", cause: error)
        }
    }

    /// True for an extension that files of a media type have.
    static func isNamed(_ fileExtension: String, _ mediaType: String) -> Bool {
        let usual = Self.fileExtension(mediaType)
        let other = ["jpg": ["jpeg", "jpe", "jfif"], "tiff": ["tif"], "heif": ["heic"]][usual] ?? []
        return ([usual] + other).contains(fileExtension.lowercased())
    }

    static func fileExtension(_ mediaType: String) -> String {
        let type = mediaType.lowercased().prefix { $0 != ";" && $0 != " " }
        if type == "image/jpeg" { return "jpg" }
        if type == "image/svg+xml" { return "svg" }
        let name = type.drop { $0 != "/" }.dropFirst()
        let isPlain = !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
        return type.hasPrefix("image/") && isPlain ? String(name) : "bin"
    }
}
