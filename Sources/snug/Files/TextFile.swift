// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// Text that is given in a file, a pipe or standard input.
enum TextFile {
    /// Reads to the end; `-` is standard input.
    /// - Throws: `not_found` and the like, `limit_exceeded`, `invalid_argument` for what is no UTF-8.
    static func read(_ path: FilePath, maximumBytes: Int) throws -> String {
        let bytes: [UInt8]
        if path.bytes == [0x2D] {
            bytes = try StandardInput.readAll(maximumBytes: maximumBytes, isCancelled: { Task.isCancelled })
        } else {
            let file: FileDescriptor
            do {
                file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            } catch let reason as Errno {
                throw SystemFailure(doing: "open \(PrintableName.of(path))", reason: reason).imageError
            }
            bytes = try file.closeAfter {
                try StandardInput.readAll(
                    from: file.rawValue, maximumBytes: maximumBytes, isCancelled: { Task.isCancelled })
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ImageError(.invalidArgument, "\(PrintableName.of(path)) is not UTF-8; save it as UTF-8")
        }
        return text
    }
}
