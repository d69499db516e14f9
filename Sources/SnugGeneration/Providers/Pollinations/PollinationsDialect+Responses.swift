// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem

extension PollinationsDialect {
    func outcome(of response: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome {
        guard (200...299).contains(response.status) else { return failure(response, job) }
        let isHit = response.headers[.cacheResult]?.uppercased().hasPrefix("HIT") ?? false
        var result = JobResult(
            model: response.named(response.headers[.modelUsed] ?? response.headers[.fallbackTarget]),
            isReplayed: isHit)
        if response.text.isEmpty {
            guard let image = response.images.first, image.byteCount > 0 else {
                return .unknown(
                    ResponseClassification.badResponse(response, ResponseClassification.described(response)))
            }
            result.images = [.spooled(image, revisedPrompt: nil)]
            return .completed(result)
        }
        guard let json = JSONValue(parsing: response.text) else {
            return .unknown(ResponseClassification.badResponse(response, ResponseClassification.described(response)))
        }
        if let images = ImageList.read(response, json, base: endpoint.base) {
            result.images = images
            return .completed(result)
        }
        guard json["error"] != nil else {
            return .unknown(ImageList.failure(response, json, base: endpoint.base))
        }
        var classification = ResponseClassification(response, to: job, now: wallClock())
        // The same request may be asked again for nothing, so what is not understood is not given up.
        if classification.failure.code == .generationFailed { classification.set(.unknown, .badResponse) }
        return classification.outcome
    }

    private func failure(_ response: ProviderResponse, _ job: PreparedJob) -> SubmissionOutcome {
        var classification = ResponseClassification(response, to: job, now: wallClock())
        switch response.status {
        case 409 where classification.failure.code == .invalidRequest: classification.set(.transient, .providerFailed)
        case 414 where response.isForAddress(job): classification.set(.transient, .invalidRequest, .useBody)
        case 429 where classification.body.wording.isConcurrency: classification.failure.recovery = .lowerConcurrency
        case 502 where classification.body.isEnvelope && classification.effect == .unknown:
            classifyUpstream(&classification, job)
        default: break
        }
        return classification.outcome
    }

    /// A 502 in the provider's own words: a service behind it failed, and says how.
    private func classifyUpstream(_ classification: inout ResponseClassification, _ job: PreparedJob) {
        switch classification.body.upstreamStatus {
        case 429: classification.set(.transient, .noCapacity, .switchModel)
        // The key that is not accepted is the provider's, and the model that is not there is so for everybody.
        case 401, 403, 404: classification.set(.transient, .providerFailed, .switchModel)
        case 415 where !job.images.isEmpty: classification.set(.transient, .unsupportedMedia, .reencode)
        case 415: classification.set(.refused, .unsupportedMedia)
        default: classification.set(.transient, .providerFailed)
        }
    }

    // MARK: Catalogue and account

    func models() throws(GenerationError) -> ClientRequest { try get(["image", "models"]) }

    func readModels(_ response: ProviderResponse) throws(GenerationError) -> [ModelDescription] {
        try modelList(response).compactMap { model in
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

    func readBalance(_ response: ProviderResponse) throws(GenerationError) -> AccountBalance {
        guard let amount = try json(response)["balance"]?.amount else {
            throw GenerationError(ResponseClassification.badResponse(response, "no balance"), now: wallClock())
        }
        return AccountBalance(amount: amount, unit: "pollen")
    }
}

extension ProviderResponse {
    /// True when the prompt of a request refused for its length was in the address, and can go in a body.
    fileprivate func isForAddress(_ job: PreparedJob) -> Bool {
        !job.usesBody && job.imageSizes.allSatisfy { $0 == 0 }
            && !job.request.parameters.keys.contains(where: PollinationsDialect.addressNames.contains)
    }
}
