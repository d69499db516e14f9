// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// What was made is gone, and may be asked for once more without being paid for again.
struct LostResult: Error, Sendable {
    var refusal: Refusal
}

extension Operation {
    /// Puts the pictures in their places.
    func deliver(_ result: JobResult) async throws -> Generation {
        var result = result
        var fresh = 2
        var pictures: [Generation.Picture] = []
        while pictures.count < result.pictures.count {
            let index = pictures.count
            do {
                pictures.append(try await fetch(result.pictures[index], place(index, of: result.pictures.count)))
            } catch let expired as ExpiredAddress {
                // The provider may hand out a new address for what it keeps.
                guard fresh > 0, let id = record.jobID, try parts.dialect.poll(id) != nil else {
                    throw try await lost(expired.error)
                }
                fresh -= 1
                isRecovered = true
                guard case .deliver(let again) = try await poll(id, JobResult(id: id)),
                    again.pictures.count == result.pictures.count
                else { throw expired.error }
                result.pictures = again.pictures
            } catch let error as GenerationError where isLoose(result.pictures[index], error) {
                throw try await lost(error)
            }
        }
        hasLooseResult = false
        if record.isKept == true {
            record.state = .delivered
            record.pictures = pictures
            record.model = result.model ?? job.model
            record.cost = result.cost ?? record.cost
            record.seed = job.seed
            try await save()
        } else {
            try await parts.journal.remove(record.id)
        }
        for case .spooled(let spooled, _) in result.pictures { spooled.discard() }
        return Generation(
            id: result.id ?? record.jobID, model: result.model ?? job.model, pictures: pictures, seed: job.seed,
            cost: result.cost ?? record.cost, requestID: attempts.last?.requestID, attempts: attempts, polls: polls,
            duration: ContinuousClock.now - begin, isRecovered: isRecovered)
    }

    private func fetch(_ reference: PictureReference, _ place: PictureDestination) async throws -> Generation.Picture {
        var picture: Generation.Picture
        switch reference {
        case .spooled(let spooled, let prompt):
            picture = try await parts.downloader.keep(spooled, at: place)
            picture.revisedPrompt = prompt
        case .url(let address, let prompt):
            let secret = try await parts.credentials.current()
            let dialect = parts.dialect
            picture = try await parts.downloader.download(
                address, to: place, deadline: deadline,
                authorize: { request in if let secret { dialect.authorize(&request, with: secret) } },
                onProgress: progress)
            picture.revisedPrompt = prompt
        }
        emit(.delivered(path: picture.path))
        return picture
    }

    /// A picture that was paid for and cannot be had any more, unless the provider gives what it made once more.
    private func lost(_ error: GenerationError) async throws -> any Error {
        switch parts.traits.contract {
        case .join, .replay:
            record.state = .sending
            record.resultURLs = []
            try await save()
            hasLooseResult = true
            // What keeps this machine from having it keeps it from having the next.
            guard error.code != .outputFailed else { break }
            return LostResult(refusal: Refusal(code: error.code, message: error.message, status: error.status))
        case .rejectDuplicate, .none, .history:
            // An address that a listing still has is worth keeping.
            if error.code == .downloadFailed { return error }
            record.state = .held
            record.note = error.message
            try await save()
        }
        var error = error
        error.isOutcomeUnknown = true
        return error
    }

    /// Whether a picture is gone with this process, or is none: giving the work again does not bring it.
    private func isLoose(_ reference: PictureReference, _ error: GenerationError) -> Bool {
        guard case .spooled(let spooled, _) = reference else { return false }
        if error.code == .badPicture {
            spooled.discard()
            return true
        }
        return hasLooseResult
    }

    private func place(_ index: Int, of count: Int) -> PictureDestination {
        var place = record.destination
        if let first = record.firstNumber {
            place.name += "-\(first + index)"
        } else if count > 1 {
            place.name += "-\(index + 1)"
        }
        return place
    }
}
