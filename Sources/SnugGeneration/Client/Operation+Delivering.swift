// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// What was made is gone, and may be asked for once more without being paid for again.
struct LostResult: Error, Sendable {
    var refusal: ProviderFailure
}

extension Operation {
    /// Puts the images in their places, as many as can be had.
    func deliver(_ result: JobResult) async throws -> Generation {
        var result = result
        var images: [Generation.Image] = []
        var failure: GenerationError?
        var freshAddresses = 2
        var index = 0
        while index < result.images.count {
            do {
                images.append(try await fetch(result.images[index], place(index, of: result.images.count)))
            } catch let expired as ExpiredAddress {
                // The provider may hand out a new address for what it keeps.
                if freshAddresses > 0, let again = try await addressesAnew(result.images.count) {
                    freshAddresses -= 1
                    result.images = again
                    continue
                }
                let end = try await lost(expired.error, expired: true)
                failure = failure ?? end
            } catch var error as GenerationError {
                if await isLoose(result.images[index], &error) { error = try await lost(error) }
                failure = failure ?? error
                // The next one would find the same disk.
                if error.code == .outputFailed { break }
            }
            index += 1
        }
        if var failure {
            failure.delivered = images
            if !images.isEmpty {
                failure.message += " (\(images.count) of \(result.images.count) images are there)"
            }
            throw failure
        }
        hasLooseResult = false
        await forget(result, images)
        return Generation(
            id: result.id ?? record.jobID, model: result.model ?? job.model, images: images, seed: job.seed,
            cost: result.cost ?? record.cost, requestID: attempts.last?.requestID, attempts: attempts, polls: polls,
            duration: ContinuousClock.now - begin, isRecovered: isRecovered)
    }

    private func addressesAnew(_ count: Int) async throws -> [ImageReference]? {
        guard let id = record.jobID, try parts.dialect.poll(id) != nil,
            case .deliver(let again) = try await poll(id, JobResult(id: id), isDone: true),
            again.images.count == count
        else { return nil }
        return again.images
    }

    /// Notes that it is done. The images are there whatever becomes of that.
    private func forget(_ result: JobResult, _ images: [Generation.Image]) async {
        do {
            if record.isKept == true {
                record.state = .delivered
                record.resultURLs = []
                record.images = images
                record.model = result.model ?? job.model
                record.cost = result.cost ?? record.cost
                record.seed = job.seed
                try await save()
            } else {
                try await parts.journal.remove(record.id)
            }
            for case .spooled(let spooled, _) in result.images { spooled.discard() }
        } catch {
            log("what is done could not be noted as done", error)
        }
    }

    private func fetch(_ reference: ImageReference, _ place: ImageDestination) async throws -> Generation.Image {
        var image: Generation.Image
        switch reference {
        case .spooled(let spooled, let prompt):
            image = try await parts.downloader.keep(spooled, at: place)
            image.revisedPrompt = prompt
        case .url(let address, let prompt):
            let secret = try await parts.credentials.current()
            let dialect = parts.dialect
            image = try await parts.downloader.download(
                address, to: place, deadline: deadline,
                authorize: { request in if let secret { try dialect.authorize(&request, with: secret) } },
                onProgress: progress)
            image.revisedPrompt = prompt
        }
        emit(.delivered(path: image.path))
        return image
    }

    /// An image that was paid for and cannot be had, unless the provider gives what it made once more.
    /// - Throws: ``LostResult`` when it is to be asked for again now.
    private func lost(_ error: GenerationError, expired: Bool = false) async throws -> GenerationError {
        var error = error
        error.isOutcomeUnknown = true
        switch parts.traits.contract {
        case .join, .replay:
            record.state = .sending
            record.resultURLs = []
            try await save()
            hasLooseResult = true
            // What keeps this machine from having it keeps it from having the next.
            if error.code == .outputFailed { return error }
            throw LostResult(refusal: ProviderFailure(code: error.code, message: error.message, status: error.status))
        // A listing that still has it may have an address for it later.
        case .history where expired: error.isOutcomeUnknown = false
        case .rejectDuplicate, .none, .history:
            record.state = .held
            record.note = error.message
            try await save()
        }
        return error
    }

    /// Whether an image is gone with this process, or is none: giving the work again does not bring it. What may be all
    /// that there is of something paid for is left where it lies, and named.
    private func isLoose(_ reference: ImageReference, _ error: inout GenerationError) async -> Bool {
        guard case .spooled(let spooled, _) = reference, error.code == .badImage || hasLooseResult else {
            return false
        }
        if parts.traits.contract.givesAgain {
            if error.code == .badImage { spooled.discard() }
            return true
        }
        let name = "\(record.key)-bad-\(String(UInt32.random(in: .min ... .max), radix: 36))"
        if let kept = try? await parts.threads.run({ try spooled.isKept ? spooled.path : spooled.keep(as: name) }) {
            error.message += "; its bytes are kept as \(kept)"
        }
        return true
    }

    private func place(_ index: Int, of count: Int) -> ImageDestination {
        var place = record.destination
        if let first = record.firstNumber {
            place.name += "-\(first + index)"
        } else if count > 1 {
            place.name += "-\(index + 1)"
        }
        return place
    }
}
