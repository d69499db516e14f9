// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugHTTP
import SnugSystem

extension ElumentaDialect {
    func outcome(of response: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome {
        guard (200...299).contains(response.status) else {
            var classification = ResponseClassification(response, to: job, now: wallClock())
            // Documented: a provider's failure is never charged. A 500 from something else promises nothing.
            if response.status == 500, classification.body.code == "provider_error", classification.effect == .unknown {
                if classification.body.wording.isCapacity {
                    classification.set(.transient, .noCapacity, .switchModel)
                } else {
                    classification.set(.transient, .providerFailed)
                }
            }
            return classification.outcome
        }
        switch state(response) {
        case .completed(let result): return .completed(result)
        case .pending(let result):
            if let id = result.id { return .accepted(id: id, result) }
            return .unknown(ResponseClassification.badResponse(response, "a job without an id"))
        case .withoutImage(let result):
            // Polling tells whether the address comes later.
            if let id = result.id { return .accepted(id: id, result) }
            return .unknown(ResponseClassification.badResponse(response, "a finished job without an image"))
        case .failed(let classification): return classification.outcome
        case .unreadable:
            return .unknown(ResponseClassification.badResponse(response, ResponseClassification.described(response)))
        }
    }

    func pollOutcome(of response: ProviderResponse, id: String) -> PollOutcome {
        guard (200...299).contains(response.status) else {
            let classification = ResponseClassification(response, images: [], prompt: "", now: wallClock())
            var failure = classification.outcome.failure ?? classification.failure
            guard response.status == 404, classification.body.isEnvelope else { return .pollFailed(failure) }
            failure.code = .jobNotFound
            failure.recovery = .none
            failure.message = Advice.message(failure, words: classification.body.message)
            return .gone(failure)
        }
        // Whatever became of another job, this one is asked for again.
        let named = JSONValue(parsing: response.text)?["id"]?.identifier
        if let named, Self.number(of: named) != Self.number(of: id) {
            return .pollFailed(ResponseClassification.badResponse(response, "the state of another job"))
        }
        switch state(response) {
        case .completed(let result): return .completed(result)
        case .pending: return .pending
        case .withoutImage:
            let address = JSONValue(parsing: response.text)?["result_url"]?.text ?? ""
            guard let fault = ImageList.fault(of: address, base: endpoint.base) else {
                return .pollFailed(ResponseClassification.badResponse(response, "a finished job without an image"))
            }
            return .pollFailed(
                ProviderFailure(code: .downloadFailed, message: fault, status: nil, requestID: response.requestID))
        case .failed(let classification): return .failed(classification.outcome.failure ?? classification.failure)
        case .unreadable:
            return .pollFailed(ResponseClassification.badResponse(response, ResponseClassification.described(response)))
        }
    }

    /// The number in an id: 18491 and `gen_18491` are one job.
    private static func number(of id: String) -> Substring { id.hasPrefix("gen_") ? id.dropFirst(4) : id[...] }

    // MARK: Bodies of success

    private enum State {
        case completed(JobResult)
        case withoutImage(JobResult)
        case pending(JobResult)
        case failed(ResponseClassification)
        case unreadable
    }

    private func state(_ response: ProviderResponse) -> State {
        guard let json = JSONValue(parsing: response.text), !json.members.isEmpty else { return .unreadable }
        var result = JobResult(
            id: json["id"]?.identifier, model: json["model_slug"]?.text,
            cost: json["tokens_spent"]?.amount.flatMap { $0 >= 0 ? $0 : nil })
        if let image = response.images.first, image.byteCount > 0 {
            result.images = [.spooled(image, revisedPrompt: nil)]
        } else if let address = json["result_url"]?.text, let url = try? endpoint.base.resolving(address) {
            result.images = [.url(url.text, revisedPrompt: nil)]
        }
        switch json["status"]?.text?.lowercased() {
        case "completed": return result.images.isEmpty ? .withoutImage(result) : .completed(result)
        case "failed": return .failed(failure(response))
        case nil:
            if !result.images.isEmpty { return .completed(result) }
            return json["error"] == nil ? .unreadable : .failed(failure(response))
        // Undocumented words are those of a job under way.
        case .some: return .pending(result)
        }
    }

    /// The meaning of a failed job's text. Failed jobs are documented as free of charge.
    private func failure(_ response: ProviderResponse) -> ResponseClassification {
        var classification = ResponseClassification(response, images: [], prompt: "", now: wallClock())
        classification.failure.providerCode = nil
        if classification.failure.code == .generationFailed, classification.body.wording.isTimeout {
            classification.set(.transient, .providerFailed)
        }
        return classification
    }
}

extension SubmissionOutcome {
    /// The failure; `nil` for a success.
    var failure: ProviderFailure? {
        switch self {
        case .failed(let failure), .transient(let failure), .unknown(let failure): failure
        case .completed, .accepted: nil
        }
    }
}
