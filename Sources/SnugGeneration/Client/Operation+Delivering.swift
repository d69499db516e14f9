// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

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
                guard fresh > 0, let id = record.jobID, try parts.dialect.poll(id) != nil else { throw expired.error }
                fresh -= 1
                isRecovered = true
                guard case .deliver(let again) = try await poll(id, JobResult(id: id)),
                    again.pictures.count == result.pictures.count
                else { throw expired.error }
                result.pictures = again.pictures
            } catch let error as GenerationError where isLoose(result.pictures[index], error) {
                throw try await unusable(error)
            }
        }
        hasLooseResult = false
        try await parts.journal.remove(record.id)
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

    /// A picture that came in the answer and is none was paid for, and the answer is gone.
    private func unusable(_ error: GenerationError) async throws -> GenerationError {
        var error = error
        switch parts.traits.contract {
        case .join, .replay, .rejectDuplicate:
            record.state = .sending
            record.resultURLs = []
            try await save()
            hasLooseResult = true
            error.message += "; the same work given again asks for it again"
        case .history, .none:
            record.state = .held
            record.note = error.message
            try await save()
        }
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
