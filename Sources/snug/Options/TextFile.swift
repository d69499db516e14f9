// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// Text from a file, a pipe or standard input.
enum TextFile {
    /// Reads to the end; `-` is standard input.
    /// - Throws: `not_found` and the like, `limit_exceeded`, `invalid_argument` for what is no UTF-8.
    static func read(_ path: FilePath, maximumBytes: Int) throws -> String {
        let bytes = try bytes(of: path, maximumBytes: maximumBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ImageError(.invalidArgument, "\(PrintableName.of(path)) is not UTF-8; save it as UTF-8")
        }
        return text
    }

    /// Reads bytes to the end; `-` is standard input.
    /// - Throws: `not_found` and the like, `limit_exceeded`.
    static func bytes(of path: FilePath, maximumBytes: Int) throws -> [UInt8] {
        if path.isDash { return try StreamInput.readAll(maximumBytes: maximumBytes) }
        let file: FileDescriptor
        do throws(Errno) {
            file = try FileDescriptor.opening(path, .readOnly)
        } catch {
            throw ImageError(SystemFailure(doing: "open \(PrintableName.of(path))", reason: error))
        }
        return try file.closeAfter {
            try StreamInput.readAll(from: file, named: PrintableName.of(path), maximumBytes: maximumBytes)
        }
    }

    /// Most bytes of a list of files.
    private static let maximumListBytes = 256 << 20

    /// The names that a list has, one a line.
    /// - Throws: What ``bytes(of:maximumBytes:)`` throws; `ValidationError` for a folder.
    static func names(in list: FilePath, endInNUL: Bool) throws -> [FilePath] {
        guard list.isDash || !FileSystem.isFolder(list) else {
            let name = PrintableName.of(list)
            throw ValidationError("\(name) is a folder, not a list of inputs; pass it without --files-from")
        }
        let bytes = try bytes(of: list, maximumBytes: maximumListBytes)
        // The mark with which some editors begin a text is part of no name.
        let hasMark = !endInNUL && bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let names = bytes.dropFirst(hasMark ? 3 : 0).split(separator: endInNUL ? 0 : 0x0A).map { line in
            FilePath(bytes: Array(endInNUL || line.last != 0x0D ? line : line.dropLast()))
        }
        return names.filter { !$0.isEmpty }
    }
}
