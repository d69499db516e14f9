// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension ElumentaDialect {
    func verdict(on answer: ProviderAnswer, to job: PreparedJob) -> SubmitVerdict {
        guard (200...299).contains(answer.status) else {
            var judgement = Judgement(answer, to: job, now: wallClock())
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
            return .unknown(Judgement.badAnswer(answer, "a job without an id"))
        case .withoutPicture(let result):
            // Polling tells whether the address comes later.
            if let id = result.id { return .accepted(id: id, result) }
            return .unknown(Judgement.badAnswer(answer, "a finished job without a picture"))
        case .failed(let judgement): return judgement.verdict
        case .unreadable: return .unknown(Judgement.badAnswer(answer, Judgement.described(answer)))
        }
    }

    func verdict(onPoll answer: ProviderAnswer, id: String) -> PollVerdict {
        guard (200...299).contains(answer.status) else {
            let judgement = Judgement(answer, pictures: [], prompt: "", now: wallClock())
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
        case .withoutPicture: return .pollFailed(Judgement.badAnswer(answer, "a finished job without a picture"))
        case .failed(let judgement): return .failed(judgement.verdict.refusal ?? judgement.refusal)
        case .unreadable: return .pollFailed(Judgement.badAnswer(answer, Judgement.described(answer)))
        }
    }

    // MARK: Bodies of success

    private enum State {
        case completed(JobResult)
        case withoutPicture(JobResult)
        case pending(JobResult)
        case failed(Judgement)
        case unreadable
    }

    private func state(_ answer: ProviderAnswer) -> State {
        guard let json = JSONValue(parsing: answer.text), !json.members.isEmpty else { return .unreadable }
        var result = JobResult(
            id: json["id"]?.identifier, model: json["model_slug"]?.text, cost: json["tokens_spent"]?.amount)
        if let picture = answer.pictures.first, picture.byteCount > 0 {
            result.pictures = [.spooled(picture, revisedPrompt: nil)]
        } else if let address = json["result_url"]?.text, let url = try? endpoint.base.resolving(address) {
            result.pictures = [.url(url.text, revisedPrompt: nil)]
        }
        switch json["status"]?.text?.lowercased() {
        case "completed": return result.pictures.isEmpty ? .withoutPicture(result) : .completed(result)
        case "failed": return .failed(failure(answer))
        case nil:
            if !result.pictures.isEmpty { return .completed(result) }
            return json["error"] == nil ? .unreadable : .failed(failure(answer))
        // Words that nobody documented are those of a job under way.
        case .some: return .pending(result)
        }
    }

    /// What a failed job's text means. All of them are documented as free of charge.
    private func failure(_ answer: ProviderAnswer) -> Judgement {
        var judgement = Judgement(answer, pictures: [], prompt: "", now: wallClock())
        judgement.refusal.providerCode = nil
        if judgement.refusal.code == .generationFailed, judgement.body.wording.isTimeout {
            judgement.set(.transient, .providerFailed)
        }
        return judgement
    }
}

extension SubmitVerdict {
    /// Why not, when it is a failure.
    var refusal: Refusal? {
        switch self {
        case .failed(let refusal), .transient(let refusal), .unknown(let refusal): refusal
        case .completed, .accepted: nil
        }
    }
}
