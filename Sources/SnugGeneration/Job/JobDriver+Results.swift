// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SystemPackage

/// Results outlive this process from the moment they are paid for until they are delivered.
extension JobDriver {
    private static let fileMark = "file:"

    /// The images that an earlier process left; `nil` when a file of a recorded result is gone.
    func keptImages() async throws -> [ImageReference]? {
        let (record, folder) = (job.record, context.options.spool)
        switch record.state {
        case .completed, .held: return try await context.threads.runToEnd { Self.recordedImages(record.resultURLs) }
        case .sending:
            return try await context.threads.runToEnd {
                Self.unrecordedImages(record.key, in: folder, received: record.resultURLs)
            }
        default: return []
        }
    }

    private static func recordedImages(_ addresses: [String]) -> [ImageReference]? {
        var images: [ImageReference] = []
        for address in addresses {
            guard address.hasPrefix(fileMark) else {
                images.append(.url(address, revisedPrompt: nil))
                continue
            }
            guard let image = try? SpooledImage(kept: FilePath(String(address.dropFirst(fileMark.count)))) else {
                return nil
            }
            images.append(.spooled(image, revisedPrompt: nil))
        }
        return images
    }

    /// Images that were kept before a kill prevented their record.
    /// - Parameter received: The temporary files of several images that came within one response.
    private static func unrecordedImages(
        _ key: String, in folder: FilePath, received: [String]
    ) -> [ImageReference] {
        var images: [ImageReference] = []
        guard received.isEmpty else {
            for (index, address) in received.enumerated() {
                let places = [folder.appending("\(key)-\(index)"), FilePath(String(address.dropFirst(fileMark.count)))]
                for place in places {
                    guard let image = try? SpooledImage(kept: place) else { continue }
                    images.append(.spooled(image, revisedPrompt: nil))
                    break
                }
            }
            return images
        }
        while let image = try? SpooledImage(kept: folder.appending("\(key)-\(images.count)")) {
            images.append(.spooled(image, revisedPrompt: nil))
        }
        return images
    }

    /// Makes a result outlive this process.
    ///
    /// Images that came within a response are moved to lasting files, because the provider may not return them again. A
    /// journal that ends with the process has no use for them.
    /// - Returns: The addresses to record, none when nothing outlives the process; `nil` when that failed.
    func keep(_ result: JobResult) async -> [String]? {
        let isSpooled = result.images.contains { if case .spooled = $0 { true } else { false } }
        guard context.journal.isDurable || !isSpooled else { return [] }
        let key = job.record.key
        if isSpooled, result.images.count > 1 {
            // A process that is killed while it stores them one by one leaves a record of how many there are.
            var received = job.record
            received.resultURLs = result.images.map { image in
                switch image {
                case .url(let address, _): address
                case .spooled(let spooled, _): Self.fileMark + spooled.path.string
                }
            }
            guard await tryToSave(received) else { return nil }
        }
        do {
            return try await context.threads.runToEnd {
                try result.images.enumerated().map { index, image in
                    switch image {
                    case .url(let address, _): address
                    case .spooled(let spooled, _): try Self.fileMark + spooled.keep(as: "\(key)-\(index)").string
                    }
                }
            }
        } catch {
            warn("a result could not be kept before its delivery", error)
            return nil
        }
    }

    /// - Returns: False when the record could not be saved.
    func tryToSave(_ record: GenerationRecord) async -> Bool {
        do {
            try await save(record)
            return true
        } catch {
            warn("a result could not be recorded before its delivery", error)
            return false
        }
    }

    /// Downloads or moves one image to its place.
    func fetch(
        _ image: ImageReference, to place: ImageDestination, _ delivery: GenerationJob.Delivery
    ) async throws -> GenerationJob.Event {
        do {
            return .fetched(try await fetch(image, to: place), delivery)
        } catch let expired as ExpiredAddress {
            return .fetchFailed(expired.error, isExpired: true, delivery)
        } catch let error as GenerationError {
            return .fetchFailed(error, isExpired: false, delivery)
        }
    }

    private func fetch(_ reference: ImageReference, to place: ImageDestination) async throws -> Generation.Image {
        var image: Generation.Image
        switch reference {
        case .spooled(let spooled, let prompt):
            image = try await context.downloader.keep(spooled, at: place)
            image.revisedPrompt = prompt
        case .url(let address, let prompt):
            let secret = try await context.credentials.current()
            image = try await context.downloader.download(
                address, to: place, deadline: deadline,
                authorize: { [dialect = context.dialect] in if let secret { try dialect.authorize(&$0, with: secret) }
                },
                onProgress: { [onEvent] in onEvent(.downloading(received: $0, total: $1)) })
            image.revisedPrompt = prompt
        }
        return image
    }

    /// Keeps the bytes of an image that cannot be used.
    /// - Returns: The file; `nil` when it could not be kept.
    func rescue(_ image: SpooledImage) async -> FilePath? {
        let name = "\(job.record.key)-bad-\(String(UInt32.random(in: .min ... .max), radix: 36))"
        do {
            return try await context.threads.runToEnd { try image.isKept ? image.path : image.keep(as: name) }
        } catch {
            warn("the bytes of an unusable image could not be kept", error)
            return nil
        }
    }
}
