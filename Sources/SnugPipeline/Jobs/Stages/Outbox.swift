// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SystemPackage

/// Puts results into an outbox: whole, durable, and never in place of another file. Its calls block.
struct Outbox: Sendable {
    var folder: FilePath
    var publisher: OutputPublisher

    /// Names that are tried for one result.
    private static let maximumNames = 10_000

    /// Puts a result in its place. One that is there already, from before a crash, is not written again.
    /// - Returns: Where it is.
    /// - Throws: ``ImageError``, `CancellationError`.
    func deliver(_ content: PublishedContent, byteCount: Int, as name: ResultName) throws -> FilePath {
        for index in 0..<Self.maximumNames {
            let path = name.candidate(index).path(below: folder)
            if let existing = try? FileIdentity(of: path, followsLinks: false) {
                if existing.kind == .file, existing.byteCount == byteCount, try isSame(path, content) { return path }
                continue
            }
            if try publisher.publish(content, to: path, replacing: false) == .published { return path }
        }
        throw ImageError(
            .ioFailed, "\(PrintableName.of(folder)) has \(Self.maximumNames) files of this name; remove some")
    }

    private struct Difference: Error {}

    /// Compares a file with the content, byte by byte.
    private func isSame(_ path: FilePath, _ content: PublishedContent) throws -> Bool {
        guard let file = try? FileDescriptor.opening(path, .readOnly) else { return false }
        defer { file.closeIgnoringErrors() }
        do {
            try content.forEachChunk { chunk in
                guard try file.readBytes(maximum: chunk.count)[...] == chunk else { throw Difference() }
            }
            return try file.readBytes(maximum: 1).isEmpty
        } catch is Difference {
            return false
        }
    }
}
