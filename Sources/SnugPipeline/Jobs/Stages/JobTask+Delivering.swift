// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SnugUpload
import SystemPackage

extension JobTask {
    /// Something to put into the outbox.
    struct Result: Sendable {
        /// Made where it is needed: reading it has a position.
        var content: @Sendable () throws -> PublishedContent
        var suffix: String
        var byteCount: Int

        init(content: @escaping @Sendable () throws -> PublishedContent, _ suffix: String, _ byteCount: Int) {
            self.content = content
            self.suffix = suffix
            self.byteCount = byteCount
        }
    }

    /// Puts the results under all names that wait for them.
    func deliver() async throws -> Success {
        guard let results = try await results() else {
            // A name came after everything of the job was put away, and the result is not where it was any more.
            guard options.stages == [.fit] else {
                throw StepFault(
                    .held, "result_missing",
                    "the result was delivered and is gone; put it back into the outbox, or drop the job and copy the file "
                        + "to the inbox with another option")
            }
            return Success(outcome: .advanced(to: .fit), payload: payload)
        }
        return try await putIntoOutboxes(results, payload)
    }

    /// The results as they are on the disk; `nil` when they are gone.
    private func results() async throws -> [Result]? {
        if let images = payload.images {
            if let staged = try await staged(images) { return staged }
            return try await delivered(payload.outputs)
        }
        if options.stages != [.fit] {
            let image = try await stagedImage().path
            let source = try await services.threads.run { try ImageSource(file: image, followsLinks: false) }
            let suffix = payload.fitted?.suffix ?? image.extension ?? "bin"
            return [Result(content: { PublishedContent(source) }, suffix, source.byteCount)]
        }
        if let fitted = payload.fitted, let staged = try await staged([fitted]) { return staged }
        return try await delivered(payload.outputs)
    }

    /// Files that earlier steps have made; `nil` when one is gone.
    private func staged(_ all: [JobPayload.StagedFile]) async throws -> [Result]? {
        var results: [Result] = []
        for file in all {
            guard let path = try await local(file) else { return nil }
            results.append(Result(file: path, file))
        }
        return results
    }

    /// Results of an earlier delivery, where nobody changed them or the storage has them.
    private func delivered(_ outputs: [JobPayload.StagedFile]?) async throws -> [Result]? {
        guard let outputs, !outputs.isEmpty else { return nil }
        let here: [Result]? = try await services.threads.run {
            let results = outputs.map { Result(file: FilePath(bytes: PathText.decode($0.path)), $0) }
            let isSame = zip(results, outputs).allSatisfy { result, output in
                (try? JobFiles.digest(of: result.content())) == output.digest
            }
            return isSame ? results : nil
        }
        guard here == nil, services.storage != nil else { return here }
        return try await staged(outputs.enumerated().map { index, output in output.fetched(as: index) })
    }

    /// The names whose outboxes are on this host.
    private var ownDeliveries: [JobDelivery] { claim.pendingDeliveries.filter { setup.owns($0.folder) } }

    /// True when all names that wait are delivered on this host.
    var deliversAll: Bool { services.storage == nil || ownDeliveries.count == claim.pendingDeliveries.count }

    /// Puts results into the outbox of every name that waits on this host.
    func putIntoOutboxes(_ results: [Result], _ payload: JobPayload) async throws -> Success {
        var payload = payload
        var paths: [FilePath] = []
        var isFirst = true
        let deliveries = ownDeliveries
        for delivery in deliveries {
            guard let context = setup.context(named: delivery.folder) else {
                throw StepFault.folderUnknown(delivery.folder)
            }
            let original =
                delivery.source.flatMap(SourceKey.init)?.original
                ?? RelativePath(bytes: PathText.decode(delivery.name))
            let outbox = Outbox(folder: context.settings.outbox, publisher: services.publisher)
            let receipt = payload.images == nil ? payload.receipt : nil
            try services.leases.check(claim.lease)
            let (isRecorded, passed) = (isFirst, services.passed)
            let (places, outputs) = try await services.threads.run {
                let places = try Self.put(results, of: original, into: outbox, with: receipt)
                passed(.published)
                return (places, isRecorded ? try Self.outputs(results, at: places) : [])
            }
            paths += places
            if isFirst { payload.note(outputs) } else { payload.noteOther(places) }
            isFirst = false
            // The service of any host may be asked for it.
            if delivery.folder == setup.submissions.settings.name { try await storeOutputs(payload.outputs) }
        }
        let bytes = results.reduce(0) { $0 + $1.byteCount } * deliveries.count
        return Success(
            outcome: .delivered(deliveries), payload: payload, events: [.delivered(paths, bytes: bytes)])
    }

    private static func put(
        _ results: [Result], of original: RelativePath, into outbox: Outbox, with receipt: UploadReceipt?
    ) throws -> [FilePath] {
        var places: [FilePath] = []
        for (index, result) in results.enumerated() {
            let name = ResultName(original, suffix: result.suffix, number: results.count > 1 ? index + 1 : nil)
            places.append(try outbox.deliver(try result.content(), byteCount: result.byteCount, as: name))
        }
        if let receipt, let image = places.first {
            let bytes = try receipt.fileBytes()
            let place = RelativePath(bytes: image.bytes)
            let name = ResultName(RelativePath(bytes: place.name + Array(".receipt.json".utf8)), suffix: nil)
            var folder = outbox
            folder.folder = image.removingLastComponent()
            places.append(
                try folder.deliver(PublishedContent(bytes: bytes), byteCount: bytes.count, as: name))
        }
        return places
    }

    private static func outputs(
        _ results: [Result], at places: [FilePath]
    ) throws -> [JobPayload.StagedFile] {
        try zip(results, places).map { result, place in
            JobPayload.StagedFile(
                path: PathText.encode(place.bytes), suffix: result.suffix, byteCount: result.byteCount,
                digest: try JobFiles.digest(of: try result.content()))
        }
    }
}

extension JobTask.Result {
    /// A file on the disk.
    init(file: FilePath, _ staged: JobPayload.StagedFile) {
        self.init(
            content: {
                // A file that was removed, or is no file any more, fails here with the reason.
                PublishedContent(try ImageSource(file: file, followsLinks: false))
            }, staged.suffix, staged.byteCount)
    }
}
