// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

extension OpenAIDialect {
    func verdict(on answer: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome {
        guard (200...299).contains(answer.status) else { return refusal(answer, job) }
        guard let json = JSONValue(parsing: answer.text), !json.members.isEmpty else {
            return .unknown(
                ResponseClassification.badResponse(
                    answer, lostStream(answer) ?? ResponseClassification.described(answer)))
        }
        if json["error"] != nil { return reported(answer, job) }
        // Of a stream only the event that ends it has the image.
        guard answer.isStreamComplete != false else {
            return .unknown(ResponseClassification.badResponse(answer, lostStream(answer) ?? ""))
        }
        guard let images = ImageList.read(answer, json, base: endpoint.base) else {
            return .unknown(ResponseClassification.badResponse(answer, ResponseClassification.described(answer)))
        }
        let isReplayed = answer.headers[.idempotentReplayed]?.lowercased() == "true"
        return .completed(
            JobResult(
                images: images, id: nil, model: answer.named(json["model"]?.text) ?? job.model,
                isReplayed: isReplayed))
    }

    private func lostStream(_ answer: ProviderResponse) -> String? {
        answer.isStreamComplete == false ? "the stream ended before the image" : nil
    }

    /// An error within a success: in a stream it is too late for another status.
    private func reported(_ answer: ProviderResponse, _ job: PreparedJob) -> SubmissionOutcome {
        var judgement = ResponseClassification(answer, to: job, now: wallClock())
        let type = (judgement.body.type ?? "") + (judgement.body.code ?? "")
        // A server that broke down promises nothing, with whatever status it says so.
        if judgement.refusal.code == .generationFailed, type.lowercased().contains("server") {
            judgement.set(.unknown, .outcomeUnknown)
        }
        return judgement.verdict
    }

    private func refusal(_ answer: ProviderResponse, _ job: PreparedJob) -> SubmissionOutcome {
        var judgement = ResponseClassification(answer, to: job, now: wallClock())
        if answer.status == 409, judgement.refusal.code == .invalidRequest {
            // With a key that counts: the first request is still under way. Without: refused before anything was done.
            judgement.set(honoursKeys ? .unknown : .transient, honoursKeys ? .outcomeUnknown : .providerFailed)
        }
        return judgement.verdict
    }

    // MARK: Catalogue

    func models() throws(GenerationError) -> ClientRequest { try get(["models"]) }

    func readModels(_ answer: ProviderResponse) throws(GenerationError) -> [ModelDescription] {
        try modelList(answer).compactMap { model in
            guard let name = model["id"]?.text ?? model["name"]?.text ?? model.text else { return nil }
            // OpenAI lists everything it has, and does not say what makes images.
            return isOpenAI && OpenAIModelFamily(name) == .other ? nil : ModelDescription(name: name)
        }
    }

    func balance() throws(GenerationError) -> ClientRequest? { nil }

    func readBalance(_ answer: ProviderResponse) throws(GenerationError) -> AccountBalance {
        throw GenerationError(.badResponse, "this API does not tell what an account has left")
    }
}
