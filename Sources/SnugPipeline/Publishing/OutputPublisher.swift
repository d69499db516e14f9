// SPDX-License-Identifier: Apache-2.0
import SnugImage
package import SnugSystem
package import SystemPackage

/// Writes outputs, whole or not at all. Its calls block.
package struct OutputPublisher: Sendable {
    private let files: FilePublisher

    package init(_ files: FilePublisher = FilePublisher()) { self.files = files }

    /// Writes a file and gives it its name, once its source has proved unchanged.
    /// - Parameters:
    ///   - mode: Permissions, where the file takes the place of another.
    ///   - attributes: Taken over from the source.
    ///   - isCancelled: Asked between chunks; when true nothing is left behind.
    /// - Throws: ``ImageError`` of the system's reason or of reading `content`, `CancellationError`.
    package func publish(
        _ content: PublishedContent, to path: FilePath, replacing: Bool, mode: UInt32? = nil,
        attributes: FileAttributes? = nil, isCancelled: @escaping () -> Bool = { Task.isCancelled }
    ) throws -> FilePublisher.Outcome {
        do {
            return try files.publish(
                to: path, replacing: replacing, mode: mode, attributes: attributes, isCancelled: isCancelled
            ) { write in
                try content.forEachChunk(write)
                try content.verify()
            }
        } catch let failure as SystemFailure {
            throw ImageError(failure)
        }
    }

    /// True when a path has an ordinary file with exactly this content.
    package func isPublished(_ content: PublishedContent, at path: FilePath) throws -> Bool {
        guard let file = try? FileDescriptor.opening(path, .readOnly, options: [.noFollow, .nonBlocking]) else {
            return false
        }
        return try file.closeAfter {
            guard (try? FileIdentity(of: file))?.kind == .file else { return false }
            var isEqual = true
            try content.forEachChunk { chunk in
                var rest = chunk
                while isEqual, !rest.isEmpty {
                    let bytes = try file.readBytes(maximum: rest.count)
                    isEqual = !bytes.isEmpty && rest.starts(with: bytes)
                    rest = rest.dropFirst(bytes.count)
                }
            }
            return try isEqual && file.readBytes(maximum: 1).isEmpty
        }
    }
}
