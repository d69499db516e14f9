// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension ElumentaDialect {
    func verdict(on answer: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome {
        guard (200...299).contains(answer.status) else {
            var judgement = ResponseClassification(answer, to: job, now: wallClock())
            // Documented: a provider's failure is never charged. A 500 from something else promises nothing.
            if answer.status == 500, judgement.body.code == "provider_error", judgement.effect == .unknown {
                if judgement.body.wording.isCapacity {
                    judgement.set(.transient, .noCapacity, .switchModel)
                } else {
                    judgement.set(.transient, .providerFailed)
                }
            }
            return judgement.verdict
        }
        switch state(answer) {
        case .completed(let result): return .completed(result)
        case .pending(let result):
            if let id = result.id { return .accepted(id: id, result) }
            return .unknown(ResponseClassification.badResponse(answer, "a job without an id"))
        case .withoutImage(let result):
            // Polling tells whether the address comes later.
            if let id = result.id { return .accepted(id: id, result) }
            return .unknown(ResponseClassification.badResponse(answer, "a finished job without an image"))
        case .failed(let judgement): return judgement.verdict
        case .unreadable:
            return .unknown(ResponseClassification.badResponse(answer, ResponseClassification.described(answer)))
        }
    }

    func verdict(onPoll answer: ProviderResponse, id: String) -> PollOutcome {
        guard (200...299).contains(answer.status) else {
            let judgement = ResponseClassification(answer, images: [], prompt: "", now: wallClock())
            var refusal = judgement.verdict.refusal ?? judgement.refusal
            guard answer.status == 404, judgement.body.isEnvelope else { return .pollFailed(refusal) }
            refusal.code = .jobNotFound
            refusal.remedy = .none
            refusal.message = Advice.message(refusal, words: judgement.body.message)
            return .gone(refusal)
        }
        switch state(answer) {
        case .completed(let result): return .completed(result)
        case .pending: return .pending
        case .withoutImage:
            return .pollFailed(ResponseClassification.badResponse(answer, "a finished job without an image"))
        case .failed(let judgement): return .failed(judgement.verdict.refusal ?? judgement.refusal)
        case .unreadable:
            return .pollFailed(ResponseClassification.badResponse(answer, ResponseClassification.described(answer)))
        }
    }

    // MARK: Bodies of success

    private enum State {
        case completed(JobResult)
        case withoutImage(JobResult)
        case pending(JobResult)
        case failed(ResponseClassification)
        case unreadable
    }

    private func state(_ answer: ProviderResponse) -> State {
        guard let json = JSONValue(parsing: answer.text), !json.members.isEmpty else { return .unreadable }
        var result = JobResult(
            id: json["id"]?.identifier, model: json["model_slug"]?.text, cost: json["tokens_spent"]?.amount)
        if let image = answer.images.first, image.byteCount > 0 {
            result.images = [.spooled(image, revisedPrompt: nil)]
        } else if let address = json["result_url"]?.text, let url = try? endpoint.base.resolving(address) {
            result.images = [.url(url.text, revisedPrompt: nil)]
        }
        switch json["status"]?.text?.lowercased() {
        case "completed": return result.images.isEmpty ? .withoutImage(result) : .completed(result)
        case "failed": return .failed(failure(answer))
        case nil:
            if !result.images.isEmpty { return .completed(result) }
            return json["error"] == nil ? .unreadable : .failed(failure(answer))
        // Words that nobody documented are those of a job under way.
        case .some: return .pending(result)
        }
    }

    /// What a failed job's text means. All of them are documented as free of charge.
    private func failure(_ answer: ProviderResponse) -> ResponseClassification {
        var judgement = ResponseClassification(answer, images: [], prompt: "", now: wallClock())
        judgement.refusal.providerCode = nil
        if judgement.refusal.code == .generationFailed, judgement.body.wording.isTimeout {
            judgement.set(.transient, .providerFailed)
        }
        return judgement
    }
}

extension SubmissionOutcome {
    /// Why not, when it is a failure.
    var refusal: ProviderFailure? {
        switch self {
        case .failed(let refusal), .transient(let refusal), .unknown(let refusal): refusal
        case .completed, .accepted: nil
        }
    }
}
