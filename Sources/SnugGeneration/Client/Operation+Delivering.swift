// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// What was made is gone, and may be asked for once more without being paid for again.
struct LostResult: Error, Sendable {
    var refusal: Refusal
}

extension Operation {
    /// Puts the pictures in their places, as many as can be had.
    func deliver(_ result: JobResult) async throws -> Generation {
        var result = result
        var pictures: [Generation.Picture] = []
        var failure: GenerationError?
        var freshAddresses = 2
        var index = 0
        while index < result.pictures.count {
            do {
                pictures.append(try await fetch(result.pictures[index], place(index, of: result.pictures.count)))
            } catch let expired as ExpiredAddress {
                // The provider may hand out a new address for what it keeps.
                if freshAddresses > 0, let again = try await addressesAnew(result.pictures.count) {
                    freshAddresses -= 1
                    result.pictures = again
                    continue
                }
                let end = try await lost(expired.error, expired: true)
                failure = failure ?? end
            } catch var error as GenerationError {
                if await isLoose(result.pictures[index], &error) { error = try await lost(error) }
                failure = failure ?? error
                // The next one would find the same disk.
                if error.code == .outputFailed { break }
            }
            index += 1
        }
        if var failure {
            failure.delivered = pictures
            if !pictures.isEmpty {
                failure.message += " (\(pictures.count) of \(result.pictures.count) pictures are there)"
            }
            throw failure
        }
        hasLooseResult = false
        await forget(result, pictures)
        return Generation(
            id: result.id ?? record.jobID, model: result.model ?? job.model, pictures: pictures, seed: job.seed,
            cost: result.cost ?? record.cost, requestID: attempts.last?.requestID, attempts: attempts, polls: polls,
            duration: ContinuousClock.now - begin, isRecovered: isRecovered)
    }

    private func addressesAnew(_ count: Int) async throws -> [PictureReference]? {
        guard let id = record.jobID, try parts.dialect.poll(id) != nil,
            case .deliver(let again) = try await poll(id, JobResult(id: id), isDone: true),
            again.pictures.count == count
        else { return nil }
        return again.pictures
    }

    /// Notes that it is done. The pictures are there whatever becomes of that.
    private func forget(_ result: JobResult, _ pictures: [Generation.Picture]) async {
        do {
            if record.isKept == true {
                record.state = .delivered
                record.resultURLs = []
                record.pictures = pictures
                record.model = result.model ?? job.model
                record.cost = result.cost ?? record.cost
                record.seed = job.seed
                try await save()
            } else {
                try await parts.journal.remove(record.id)
            }
            for case .spooled(let spooled, _) in result.pictures { spooled.discard() }
        } catch {
            log("what is done could not be noted as done", error)
        }
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

    /// A picture that was paid for and cannot be had, unless the provider gives what it made once more.
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
            throw LostResult(refusal: Refusal(code: error.code, message: error.message, status: error.status))
        // A listing that still has it may have an address for it later.
        case .history where expired: error.isOutcomeUnknown = false
        case .rejectDuplicate, .none, .history:
            record.state = .held
            record.note = error.message
            try await save()
        }
        return error
    }

    /// Whether a picture is gone with this process, or is none: giving the work again does not bring it. What may be all
    /// that there is of something paid for is left where it lies, and named.
    private func isLoose(_ reference: PictureReference, _ error: inout GenerationError) async -> Bool {
        guard case .spooled(let spooled, _) = reference, error.code == .badPicture || hasLooseResult else {
            return false
        }
        if parts.traits.contract.givesAgain {
            if error.code == .badPicture { spooled.discard() }
            return true
        }
        let name = "\(record.key)-bad-\(String(UInt32.random(in: .min ... .max), radix: 36))"
        if let kept = try? await parts.threads.run({ try spooled.isKept ? spooled.path : spooled.keep(as: name) }) {
            error.message += "; its bytes are kept as \(kept)"
        }
        return true
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
