// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// Elumenta, version 2 of its API. One endpoint serves all models; some respond at once, others have to
/// be polled. Images come in by address only.
struct ElumentaDialect: CommonDialect {
    let endpoint: Endpoint
    let traits: ProviderTraits
    let wallClock: @Sendable () -> Int

    init(_ endpoint: Endpoint, wallClock: @escaping @Sendable () -> Int = systemWallClock) {
        self.endpoint = endpoint
        self.wallClock = wallClock
        traits = ProviderTraits(
            name: "elumenta", baseURL: endpoint.base, contract: .history, delivery: .url,
            inputLimits: InputLimits(), defaultModel: "photon-flash", maximumCount: 1, hasJobs: true,
            needsSeed: false)
    }

    static let formats = ["webp", "png", "jpeg"]

    func validate(_ request: GenerationRequest) throws(GenerationError) {
        var checks = RequestChecks(request, traits)
        checks.checkFormat(among: Self.formats)
        checks.checkWord("quality", among: ["standard", "hd"])
        checks.checkWord("style", among: ["vivid", "natural"])
        checks.checkText("negative_prompt")
        if let seconds = request.parameters["duration"], ![.integer(5), .integer(10)].contains(seconds) {
            checks.fail("duration", "is \(JSONValue(seconds).plain); possible are 5 and 10")
        }
        if request.size != nil, request.parameters["aspect_ratio"] != nil {
            checks.fail("aspect_ratio", "is another word for the size, which is given too; leave one of them out")
        }
        checks.refuse([
            "model": "has a field of its own", "prompt": "has a field of its own", "params": "are sent as they are",
            "size": "has a field of its own", "format": "has a field of its own", "seed": "has a field of its own",
            "image_url": "is one of the images",
        ])
        for model in [request.model ?? traits.defaultModel].compactMap({ $0 }) + request.fallbackModels {
            let sizes = ElumentaSizes(model)
            if sizes.ratios != nil, let size = request.size, sizes.ratio(of: size) == nil {
                checks.fail(
                    "size", "is \(size); \(model) makes the ratios \((sizes.ratios ?? []).joined(separator: ", "))")
            } else if let own = sizes.sizes {
                checks.checkSize(among: own, of: model)
            } else {
                checks.checkSides()
            }
            if let ratios = sizes.ratios { checks.checkWord("aspect_ratio", among: ratios) }
        }
        try checks.finish()
    }

    func submission(of job: PreparedJob) throws(GenerationError) -> Submission {
        let request = job.request
        guard request.count == 1 else { throw .invalid("count", "is \(request.count); one request makes one image") }
        guard let model = job.model ?? traits.defaultModel else { throw .invalid("model", "is needed") }
        var builder = SubmissionBuilder(job, limits: traits.inputLimits)
        builder.add(request.parameters)
        let sizes = ElumentaSizes(model)
        if let size = request.size {
            if sizes.ratios != nil {
                builder.add("aspect_ratio", sizes.ratio(of: size).map(JSONValue.text))
            } else {
                builder.add("size", .text(size.description))
            }
        }
        builder.add("format", request.format.map { .text(RequestChecks.format($0)) })
        builder.add("seed", job.seed.map(JSONValue.integer))
        guard job.images.count <= traits.inputLimits.maximumCount else {
            throw .invalid("images", "are \(job.images.count); at most \(traits.inputLimits.maximumCount) are taken")
        }
        if let image = job.images.first {
            guard case .url(let address) = image else {
                throw GenerationError(
                    .hostNeeded, "Elumenta takes images by address only; host the image first, or give an address")
            }
            builder.add("image_url", address: address)
        }
        let params = builder.object
        builder.note("model", model)
        builder.note("prompt", request.prompt)
        return try builder.json(
            try endpoint.url(["generate"]),
            ["model": .text(model), "prompt": .text(request.prompt), "params": params], clocks: submitClocks)
    }

    func poll(_ id: String) throws(GenerationError) -> ClientRequest? { try get(["generate", id]) }

    func keyWarning(_ key: Secret) -> String? {
        let text = key.reveal()
        if text.hasPrefix("nb_") {
            return text.count == 48 ? nil : "Elumenta's API keys have 48 characters, this one has \(text.count)"
        }
        // Tokens of a session have any form; what begins like another provider's key is none.
        let others = ["sk-", "sk_", "pk_"].contains { text.hasPrefix($0) }
        return others || text.count < 20 ? "Elumenta's API keys begin with nb_; this one does not" : nil
    }
}

/// The sizes that a model offers, as documented.
struct ElumentaSizes {
    /// `nil` when nothing is documented.
    private(set) var sizes: [String]?
    /// For models that take a ratio instead.
    private(set) var ratios: [String]?

    init(_ model: String) {
        let model = model.lowercased()
        if model.hasPrefix("midjourney") {
            ratios = ["1:1", "2:3", "3:2", "9:16", "16:9"]
        } else {
            sizes = Self.table[model]
        }
    }

    private static let table = [
        "dall-e-3": ["1024x1024", "1024x1792", "1792x1024"],
        "flux-1.1-pro": ["1024x1024", "768x1344", "1344x768", "1024x1536", "1536x1024"],
        "sd-3.5-large": ["1024x1024", "768x1344", "1344x768"],
    ]

    /// The ratio that a size is exactly.
    func ratio(of size: ImageSize) -> String? {
        ratios?.first { ratio in
            let sides = ratio.split(separator: ":").compactMap { Int($0) }
            return sides.count == 2 && size.width * sides[1] == size.height * sides[0]
        }
    }
}
