// SPDX-License-Identifier: Apache-2.0
import Crypto
import SnugGeneration
import SnugImage
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One prompt with all that belongs to it.
struct GenerationWork: Sendable {
    /// Its line in a batch; `nil` for a single one.
    var line: Int?
    var request: GenerationRequest
    var destination: ImageDestination
    /// Under which the journal finds it again, whoever asks for the same in the same place.
    var name: String

    /// The prompt, short enough for a line, without what a terminal would obey.
    var title: String { Self.title(request.prompt) }

    static func title(_ prompt: String) -> String {
        let words = prompt.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
        return TerminalText.cut(PrintableName.escaped(words), to: 48)
    }

    /// How messages begin that are about this one.
    var prefix: String { line.map { "line \($0): " } ?? "" }

    /// Local images of the request.
    var files: [FilePath] { Self.files(of: request) }

    static func files(of request: GenerationRequest) -> [FilePath] {
        (request.images + [request.mask].compactMap { $0 }).compactMap { input in
            if case .file(let path) = input { path } else { nil }
        }
    }
}

/// Names work by what it is, so that the same command finds what an earlier one left.
struct WorkNaming {
    /// Provider and address.
    let service: String
    /// The same line twice in a batch is wanted twice.
    private var seen: [String: Int] = [:]
    /// Digests of images that were read.
    private var contents: [FilePath: String] = [:]

    init(service: String) { self.service = service }

    /// Reads the images of a request: with another content it is other work. Blocks.
    mutating func name(_ request: GenerationRequest, _ destination: ImageDestination) throws -> String {
        var place = destination
        // Does not change what is paid for.
        place.replaces = false
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var hash = SHA256()
        hash.update(data: Array(service.utf8))
        hash.update(data: try encoder.encode(request))
        hash.update(data: try encoder.encode(place))
        for path in GenerationWork.files(of: request) { hash.update(data: Array(try content(of: path).utf8)) }
        let name = String(Hex.text(of: Array(hash.finalize())).prefix(16))
        let count = seen[name, default: 0] + 1
        seen[name] = count
        return count == 1 ? name : "\(name)-\(count)"
    }

    private mutating func content(of path: FilePath) throws -> String {
        if let known = contents[path] { return known }
        do throws(ImageError) {
            let source = try ImageSource(file: path)
            var hash = SHA256()
            var offset = 0
            while offset < source.byteCount {
                let chunk = try source.bytes(at: offset, count: 1 << 20)
                guard !chunk.isEmpty else { break }
                hash.update(data: chunk)
                offset += chunk.count
            }
            let digest = Hex.text(of: Array(hash.finalize()))
            contents[path] = digest
            return digest
        } catch {
            throw GenerationError(
                .imageFailed, "\(PrintableName.of(WorkingFolder.shown(path))): \(error.message)", cause: error)
        }
    }
}
