// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OrderedCollections
import SnugHTTP
import SnugSystem

extension OpenAIDialect {
    func outcome(of response: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome {
        guard (200...299).contains(response.status) else { return failure(response, job) }
        guard let json = JSONValue(parsing: response.text), !json.members.isEmpty else {
            return .unknown(
                ResponseClassification.badResponse(
                    response, lostStream(response) ?? ResponseClassification.described(response)))
        }
        let images = ImageList.read(response, json, base: endpoint.base)
        // Images beside an error are made and paid for.
        if json["error"] != nil, images == nil || response.isStreamComplete == false { return reported(response, job) }
        // Of a stream only the event that ends it has the image.
        guard response.isStreamComplete != false else {
            return .unknown(ResponseClassification.badResponse(response, lostStream(response) ?? ""))
        }
        guard let images else {
            return .unknown(ImageList.failure(response, json, base: endpoint.base))
        }
        let isReplayed = response.headers[.idempotentReplayed]?.lowercased() == "true"
        return .completed(
            JobResult(
                images: images, id: nil, model: response.named(json["model"]?.text) ?? job.model,
                isReplayed: isReplayed))
    }

    private func lostStream(_ response: ProviderResponse) -> String? {
        response.isStreamComplete == false ? "the stream ended before the image" : nil
    }

    /// An error within a success: in a stream it is too late for another status.
    private func reported(_ response: ProviderResponse, _ job: PreparedJob) -> SubmissionOutcome {
        var classification = ResponseClassification(response, to: job, now: wallClock())
        let type = (classification.body.type ?? "") + (classification.body.code ?? "")
        // A server that broke down promises nothing, with whatever status it says so.
        if classification.failure.code == .generationFailed, type.lowercased().contains("server") {
            classification.set(.unknown, .outcomeUnknown)
        }
        return classification.outcome
    }

    private func failure(_ response: ProviderResponse, _ job: PreparedJob) -> SubmissionOutcome {
        var classification = ResponseClassification(response, to: job, now: wallClock())
        if response.status == 409, classification.failure.code == .invalidRequest {
            // With a key that counts: the first request is still under way. Without: refused before anything was done.
            classification.set(honoursKeys ? .unknown : .transient, honoursKeys ? .outcomeUnknown : .providerFailed)
        }
        return classification.outcome
    }

    // MARK: Catalogue

    func models() throws(GenerationError) -> ClientRequest { try get(["models"]) }

    func readModels(_ response: ProviderResponse) throws(GenerationError) -> [ModelDescription] {
        try modelList(response).compactMap { model in
            guard let name = model["id"]?.text ?? model["name"]?.text ?? model.text else { return nil }
            // OpenAI lists everything it has, and does not say what makes images.
            return isOpenAI && OpenAIModelFamily(name) == .other ? nil : ModelDescription(name: name)
        }
    }

    func balance() throws(GenerationError) -> ClientRequest? { nil }

    func readBalance(_ response: ProviderResponse) throws(GenerationError) -> AccountBalance {
        throw GenerationError(.badResponse, "this API does not tell what an account has left")
    }
}
