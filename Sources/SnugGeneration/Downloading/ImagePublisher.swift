// SPDX-License-Identifier: Apache-2.0
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Puts finished images in their place, whole or not at all. Its calls block.
///
/// An image is written under another name in the same folder and gets its own once its bytes are on the disk, so that a
/// crash leaves at worst a file named `.snug-…`.
struct ImagePublisher: Sendable {
    /// A name in a folder for an image that is not whole yet; what has it is removed with the last reference.
    final class Temporary: Sendable {
        let path: FilePath
        fileprivate init(in folder: FilePath) {
            path = folder.appending(".snug-" + String(UInt64.random(in: .min ... .max), radix: 36))
        }
        deinit { DiskCalls.remove(path) }
    }

    /// Makes the folder, and a name in it.
    func temporary(in folder: FilePath) -> Temporary {
        DiskCalls.makeFolders(folder, mode: 0o777)
        return Temporary(in: folder)
    }

    /// Finds out whether a file can be made there.
    func check(_ destination: ImageDestination) throws(GenerationError) {
        guard FilePath.Component(destination.name) != nil else { throw Self.noName(destination.name) }
        let temporary = temporary(in: destination.folder)
        try Self.doing("write \(temporary.path)") { () throws(Errno) in
            _ = close(try DiskCalls.open(temporary.path, O_WRONLY | O_CREAT | O_EXCL))
        }
    }

    private static func noName(_ name: String) -> GenerationError {
        GenerationError(.outputFailed, "\"\(name)\" is no name for a file; give another")
    }

    /// Copies an image that came within a response.
    func copy(_ image: SpooledImage, to temporary: Temporary) throws(GenerationError) {
        try Self.doing("write \(temporary.path)") { () throws(Errno) in
            let source = try DiskCalls.open(image.path, O_RDONLY)
            defer { close(source) }
            let target = try DiskCalls.open(temporary.path, O_WRONLY | O_CREAT | O_EXCL)
            defer { close(target) }
            while true {
                let chunk = try DiskCalls.read(source, count: 256 * 1024)
                if chunk.isEmpty { return }
                try DiskCalls.write(chunk, to: target)
            }
        }
    }

    /// Gives an image its name.
    /// - Returns: Where it is, which is not the name asked for when that was taken.
    func publish(
        _ temporary: Temporary, to destination: ImageDestination, mediaType: String
    ) throws(GenerationError) -> FilePath {
        try Self.doing("write \(temporary.path)") { () throws(Errno) in try DiskCalls.synchronize(temporary.path) }
        let suffix = "." + Self.fileExtension(mediaType)
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
                try DiskCalls.synchronize(destination.folder)
                return true
            }
            if isThere { return path }
        }
        throw GenerationError(.outputFailed, "\(destination.folder) has too many files named \(destination.name)")
    }

    /// - Returns: False when the name is taken and not to be replaced.
    private func give(_ temporary: Temporary, _ path: FilePath, replacing: Bool) throws(Errno) -> Bool {
        if !replacing {
            do throws(Errno) {
                try DiskCalls.link(temporary.path, path)
                return true
            } catch .fileExists {
                return false
            } catch .notPermitted, .notSupported, .noFunction, .tooManyLinks {
                // A file system without links: the name is taken first, so that nobody's file is replaced.
                do throws(Errno) {
                    close(try DiskCalls.open(path, O_WRONLY | O_CREAT | O_EXCL))
                } catch .fileExists {
                    return false
                }
            }
        }
        try DiskCalls.rename(temporary.path, path)
        return true
    }

    /// Whether a file of this length has the name.
    func isThere(_ path: FilePath, byteCount: Int) -> Bool {
        guard let status = DiskCalls.status(path) else { return false }
        return status.st_mode & S_IFMT == S_IFREG && Int(status.st_size) == byteCount
    }

    private func isSame(_ first: FilePath, _ second: FilePath) throws(Errno) -> Bool {
        guard let one = DiskCalls.status(first), let other = DiskCalls.status(second),
            one.st_size == other.st_size, other.st_mode & S_IFMT == S_IFREG
        else { return false }
        let left = try DiskCalls.open(first, O_RDONLY)
        defer { close(left) }
        // A file that cannot be read is somebody else's.
        guard let right = try? DiskCalls.open(second, O_RDONLY) else { return false }
        defer { close(right) }
        while true {
            let here = try DiskCalls.read(left, count: 64 * 1024)
            if here != (try DiskCalls.read(right, count: 64 * 1024)) { return false }
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

    static func fileExtension(_ mediaType: String) -> String {
        let type = mediaType.lowercased().prefix { $0 != ";" && $0 != " " }
        if type == "image/jpeg" { return "jpg" }
        if type == "image/svg+xml" { return "svg" }
        let name = type.drop { $0 != "/" }.dropFirst()
        let isPlain = !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
        return type.hasPrefix("image/") && isPlain ? String(name) : "bin"
    }
}
