// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage

extension GenerationJob {
    // MARK: Recording the result

    /// Notes a result before it is delivered. A result that cannot be noted is delivered all the same: it is paid for.
    /// - Parameter told: The result that the provider reports now; `nil` for the delivery's own.
    mutating func complete(
        _ delivery: Delivery, noting told: JobResult? = nil, after effects: [Effect] = []
    ) -> Transition {
        let result = told ?? delivery.result
        var effects = effects
        if let cost = result.cost {
            if record.cost == nil { effects.append(.spend(cost)) }
            record.cost = cost
        }
        record.jobID = result.id ?? record.jobID
        hasUnrecordedResult = true
        return Transition(effects + [.refundRetry], .keep(delivery))
    }

    mutating func kept(_ addresses: [String]?, _ delivery: Delivery) -> Transition {
        if let addresses { record.resultURLs = addresses }
        // A file that ends with this process is not worth recording.
        guard let addresses, !addresses.isEmpty else { return deliver(delivery) }
        record.state = .completed
        return Transition(.recordResult(record, delivery))
    }

    mutating func recorded(_ isRecorded: Bool, _ delivery: Delivery) -> Transition {
        if isRecorded { hasUnrecordedResult = false }
        return deliver(delivery)
    }

    // MARK: Fetching

    mutating func deliver(_ delivery: Delivery) -> Transition {
        if let error = delivery.expiry {
            var delivery = delivery
            delivery.expiry = nil
            return lost(error, expired: true, delivery)
        }
        guard delivery.index < delivery.result.images.count else { return finish(delivery) }
        let place = destination(delivery.index, of: delivery.result.images.count)
        return Transition(.fetch(delivery.result.images[delivery.index], to: place, delivery))
    }

    mutating func fetched(_ image: Generation.Image, _ delivery: Delivery) -> Transition {
        var delivery = delivery
        delivery.images.append(image)
        delivery.index += 1
        var next = deliver(delivery)
        next.effects.insert(.notify(.delivered(path: image.path)), at: 0)
        return next
    }

    mutating func fetchFailed(
        _ error: GenerationError, isExpired: Bool, _ delivery: Delivery
    ) -> Transition {
        if isExpired {
            // The provider may hand out a new address for a result that it keeps.
            guard delivery.renewalsLeft > 0, settings.hasJobs, let id = record.jobID else {
                return lost(error, expired: true, delivery)
            }
            return poll(Polling(id: id, renewal: (delivery, error)))
        }
        // An image that ends with this process, or is none: running the work again does not bring it.
        guard case .spooled(let spooled, _) = delivery.result.images[delivery.index],
            error.code == .badImage || hasUnrecordedResult
        else { return failed(error, delivery) }
        // The bytes may be all there is of a charge, so they are kept where the provider gives them only once.
        guard settings.contract.givesAgain else { return Transition(.rescue(spooled, error, delivery)) }
        var next = lost(error, delivery)
        if error.code == .badImage { next.effects.insert(.discard(spooled), at: 0) }
        return next
    }

    mutating func rescued(
        _ path: FilePath?, _ error: GenerationError, _ delivery: Delivery
    ) -> Transition {
        var error = error
        if let path { error.message += "; its bytes are kept as \(path)" }
        return lost(error, delivery)
    }

    /// An image that was paid for and cannot be had, unless the provider returns it again.
    mutating func lost(
        _ error: GenerationError, expired: Bool = false, _ delivery: Delivery
    ) -> Transition {
        var error = error
        error.isOutcomeUnknown = true
        var effects: [Effect] = []
        var next: Transition
        switch settings.contract {
        case .join, .replay:
            record.state = .sending
            record.resultURLs = []
            hasUnrecordedResult = true
            effects.append(.save(record))
            // The disk that refused this image would refuse the next one.
            if error.code == .outputFailed {
                next = failed(error, delivery)
            } else {
                let failure = ProviderFailure(code: error.code, message: error.message, status: error.status)
                next = follow(submissions.handle(.unknown(failure), conditions))
            }
        case .history where expired:
            // A listing that still has the job may have an address for it later.
            error.isOutcomeUnknown = false
            next = failed(error, delivery)
        case .rejectDuplicate, .none, .history:
            record.state = .held
            record.note = error.message
            effects.append(.save(record))
            next = failed(error, delivery)
        }
        next.effects = effects + next.effects
        return next
    }

    private mutating func failed(_ error: GenerationError, _ delivery: Delivery) -> Transition {
        var delivery = delivery
        delivery.failure = delivery.failure ?? error
        // The next image would meet the same disk.
        delivery.index = error.code == .outputFailed ? delivery.result.images.count : delivery.index + 1
        return deliver(delivery)
    }

    // MARK: The end

    private mutating func finish(_ delivery: Delivery) -> Transition {
        let (result, images) = (delivery.result, delivery.images)
        if var failure = delivery.failure {
            failure.delivered = images
            if !images.isEmpty {
                failure.message += " (\(images.count) of \(result.images.count) images were delivered)"
            }
            // A person who lets it be submitted again pays for the missing images only.
            guard record.state == .held, !images.isEmpty, images.count < record.request.count else {
                return Transition(.fail(failure))
            }
            record.keepEarlier(images)
            return Transition([.save(record)], .fail(failure))
        }
        if let promised = delivery.promised, images.count < promised {
            return hold(images, of: promised)
        }
        hasUnrecordedResult = false
        let all = (record.earlierImages ?? []) + images
        var generation = Generation(
            id: result.id ?? record.jobID, model: result.model ?? model, images: all, seed: record.seed,
            cost: result.cost ?? record.cost, requestID: attempts.last?.requestID, attempts: attempts, polls: polls,
            isRecovered: isRecovered)
        generation.missingCount = max(0, record.request.count - all.count)
        if record.isKept == true {
            record.state = .delivered
            record.resultURLs = []
            record.images = all
            record.earlierImages = nil
            record.model = generation.model
            record.cost = generation.cost
        }
        let spooled = result.images.compactMap { if case .spooled(let image, _) = $0 { image } else { nil } }
        return Transition(
            .finish(
                Completion(
                    generation: generation, record: record.isKept == true ? record : nil, spooled: spooled)))
    }

    /// Ends a job of which some images were lost with the process that had received them.
    private mutating func hold(_ images: [Generation.Image], of promised: Int) -> Transition {
        hasUnrecordedResult = false
        record.state = .held
        record.resultURLs = []
        record.note = "\(images.count) of \(promised) images were delivered; the others were received and lost"
        var error = GenerationError(
            .outcomeUnknown,
            "\(images.count) of \(promised) images were delivered; an earlier process had received the others and ended "
                + "before they were stored")
        error.isOutcomeUnknown = true
        error.delivered = images
        record.keepEarlier(images)
        return Transition([.save(record)], .fail(error))
    }

    /// The place of one of several images.
    private func destination(_ index: Int, of count: Int) -> ImageDestination {
        var place = record.destination
        if let first = record.firstNumber {
            place.name += "-\(first + index)"
        } else if count > 1 {
            place.name += "-\(index + 1)"
        }
        return place
    }
}
