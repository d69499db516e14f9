// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

extension PollinationsDialect {
    func verdict(on answer: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome {
        guard (200...299).contains(answer.status) else { return refusal(answer, job) }
        let isHit = answer.headers[.cacheResult]?.uppercased().hasPrefix("HIT") ?? false
        var result = JobResult(
            model: answer.named(answer.headers[.modelUsed] ?? answer.headers[.fallbackTarget]),
            isReplayed: isHit)
        if answer.text.isEmpty {
            guard let image = answer.images.first, image.byteCount > 0 else {
                return .unknown(ResponseClassification.badResponse(answer, ResponseClassification.described(answer)))
            }
            result.images = [.spooled(image, revisedPrompt: nil)]
            return .completed(result)
        }
        guard let json = JSONValue(parsing: answer.text) else {
            return .unknown(ResponseClassification.badResponse(answer, ResponseClassification.described(answer)))
        }
        if let images = ImageList.read(answer, json, base: endpoint.base) {
            result.images = images
            return .completed(result)
        }
        guard json["error"] != nil else {
            return .unknown(ResponseClassification.badResponse(answer, ResponseClassification.described(answer)))
        }
        var judgement = ResponseClassification(answer, to: job, now: wallClock())
        // The same request may be asked again for nothing, so what is not understood is not given up.
        if judgement.refusal.code == .generationFailed { judgement.set(.unknown, .badResponse) }
        return judgement.verdict
    }

    private func refusal(_ answer: ProviderResponse, _ job: PreparedJob) -> SubmissionOutcome {
        var judgement = ResponseClassification(answer, to: job, now: wallClock())
        switch answer.status {
        case 409 where judgement.refusal.code == .invalidRequest: judgement.set(.transient, .providerFailed)
        case 414 where answer.isForAddress(job): judgement.set(.transient, .invalidRequest, .useBody)
        case 429 where judgement.body.wording.isConcurrency: judgement.refusal.remedy = .lowerConcurrency
        case 502 where judgement.body.isEnvelope && judgement.effect == .unknown: judgeUpstream(&judgement, job)
        default: break
        }
        return judgement.verdict
    }

    /// A 502 in the provider's own words: a service behind it failed, and told how.
    private func judgeUpstream(_ judgement: inout ResponseClassification, _ job: PreparedJob) {
        switch judgement.body.upstreamStatus {
        case 429: judgement.set(.transient, .noCapacity, .switchModel)
        // The key that is not accepted is the provider's, and the model that is not there is so for everybody.
        case 401, 403, 404: judgement.set(.transient, .providerFailed, .switchModel)
        case 415 where !job.images.isEmpty: judgement.set(.transient, .unsupportedMedia, .reencode)
        case 415: judgement.set(.refused, .unsupportedMedia)
        default: judgement.set(.transient, .providerFailed)
        }
    }

    // MARK: Catalogue and account

    func models() throws(GenerationError) -> ClientRequest { try get(["image", "models"]) }

    func readModels(_ answer: ProviderResponse) throws(GenerationError) -> [ModelDescription] {
        try modelList(answer).compactMap { model in
            if let name = model.text { return ModelDescription(name: name) }
            guard let name = model["name"]?.text ?? model["id"]?.text else { return nil }
            let makes = model["output_modalities"]?.elements.compactMap(\.text)
            guard makes?.contains("image") ?? true else { return nil }
            let takes = model["input_modalities"]?.elements.compactMap(\.text)
            return ModelDescription(
                name: name, summary: model["description"]?.text, takesImages: takes.map { $0.contains("image") })
        }
    }

    func balance() throws(GenerationError) -> ClientRequest? { try get(["account", "balance"]) }

    func readBalance(_ answer: ProviderResponse) throws(GenerationError) -> AccountBalance {
        guard let amount = try json(answer)["balance"]?.amount else {
            throw GenerationError(ResponseClassification.badResponse(answer, "no balance"), now: wallClock())
        }
        return AccountBalance(amount: amount, unit: "pollen")
    }
}

extension ProviderResponse {
    /// Whether what was refused for its length had its prompt in the address, and can go in a body.
    fileprivate func isForAddress(_ job: PreparedJob) -> Bool {
        !job.usesBody && job.imageSizes.allSatisfy { $0 == 0 }
            && !job.request.parameters.keys.contains(where: PollinationsDialect.addressNames.contains)
    }
}
