// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import SnugGeneration
import SnugHTTP
import SnugImage
import SnugSystem
package import SystemPackage

/// One prompt with its destination and its name.
public struct GenerationWork: Sendable {
    /// Its line in a batch; `nil` for a single one.
    public var line: Int?
    /// The request.
    public var request: GenerationRequest
    /// The place of its images.
    public var destination: ImageDestination
    /// The name under which the journal finds it again, whoever asks for the same in the same place.
    public var name: String

    package init(line: Int? = nil, request: GenerationRequest, destination: ImageDestination, name: String) {
        self.line = line
        self.request = request
        self.destination = destination
        self.name = name
    }

    /// Work for each request, named by its content so that a second run finds what an earlier one left.
    ///
    /// Reads the images of the requests, off the cooperative pool.
    /// - Throws: `GenerationError` with `image_failed` for an image that cannot be read; `CancellationError`.
    public static func named(
        _ requests: [(request: GenerationRequest, destination: ImageDestination)], for provider: Provider
    ) async throws -> [GenerationWork] {
        try await BlockingThreads(count: 1).run {
            var naming = WorkNaming(provider)
            return try requests.map { request, destination in
                GenerationWork(
                    request: request, destination: destination, name: try naming.name(request, destination))
            }
        }
    }

    /// Local images of the request.
    package var files: [FilePath] { request.files }
}

extension GenerationRequest {
    /// Local images, the mask among them.
    package var files: [FilePath] {
        (images + [mask].compactMap { $0 }).compactMap { input in
            if case .file(let path) = input { path } else { nil }
        }
    }
}

/// Names work by its content, so that a repeated command finds what an earlier one left.
package struct WorkNaming {
    /// Provider and address: keys change, the work stays.
    private let service: String
    /// Occurrences of each name: a line that is twice in a batch is wanted twice.
    private var seen: [String: Int] = [:]
    /// Digests of images that were read.
    private var contents: [FilePath: String] = [:]

    package init(_ provider: Provider) { service = "\(provider.name) \(provider.baseURL.text)" }

    /// Reads the images of a request: with other content it is other work. Blocks.
    package mutating func name(_ request: GenerationRequest, _ destination: ImageDestination) throws -> String {
        var place = destination
        // Does not change what is paid for.
        place.replaces = false
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var hash = MessageDigest(.sha256)
        hash.update(Array(service.utf8))
        hash.update(try encoder.encode(request))
        hash.update(try encoder.encode(place))
        for path in request.files { hash.update(Array(try content(of: path).utf8)) }
        let name = String(hash.finalize().hexadecimal.prefix(16))
        let count = seen[name, default: 0] + 1
        seen[name] = count
        return count == 1 ? name : "\(name)-\(count)"
    }

    private mutating func content(of path: FilePath) throws -> String {
        if let known = contents[path] { return known }
        do throws(ImageError) {
            let source = try ImageSource(file: path)
            var hash = MessageDigest(.sha256)
            var offset = 0
            while offset < source.byteCount {
                let chunk = try source.bytes(at: offset, count: 1 << 20)
                guard !chunk.isEmpty else { break }
                hash.update(chunk)
                offset += chunk.count
            }
            let digest = hash.finalize().hexadecimal
            contents[path] = digest
            return digest
        } catch {
            throw GenerationError(
                .imageFailed, "\(PrintableName.of(WorkingFolder.shown(path))): \(error.message)", cause: error)
        }
    }
}
