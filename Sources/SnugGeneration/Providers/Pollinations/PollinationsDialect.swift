// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// Pollinations. An identical request joins the one under way or gets its stored image, and only one is charged: the
/// contract rests on a fixed seed, on the same bytes, and on never asking for a fresh image.
///
/// Plain requests go as `GET /image/{prompt}`. Its response is the image itself, where POST returns a third more bytes in
/// base64, and being served from the cache is its documented default. What an address cannot carry, for its length or
/// because proxies might change it, goes as `POST /v1/images/generations`, images of this machine as a form to
/// `/v1/images/edits`.
struct PollinationsDialect: CommonDialect {
    let endpoint: Endpoint
    let traits: ProviderTraits
    let wallClock: @Sendable () -> Int

    init(_ endpoint: Endpoint, wallClock: @escaping @Sendable () -> Int = systemWallClock) {
        self.endpoint = endpoint
        self.wallClock = wallClock
        // The limit of a request with images is that of the model behind: what status 413 says replaces it.
        traits = ProviderTraits(
            name: "pollinations", baseURL: endpoint.base, contract: .join, delivery: .multipart,
            inputLimits: InputLimits(maximumCount: 10, requestByteLimit: 10_000_000), defaultModel: nil,
            maximumCount: 1,
            needsSeed: true)
    }

    static let largestSeed = 2_147_483_647
    /// Bytes of an address: servers and proxies before them commonly take 8 KB.
    static let longestAddress = 4096

    // MARK: Validation

    func validate(_ request: GenerationRequest) throws(GenerationError) {
        var checks = RequestChecks(request, traits)
        checks.checkSides()
        // Each further image of a request has the next seed.
        checks.checkSeed(in: 0...(Self.largestSeed - max(0, min(request.count, RequestChecks.largestCount) - 1)))
        checks.checkWord("quality", among: ["low", "medium", "high", "hd"])
        for flag in ["enhance", "safe", "transparent"] { checks.checkFlag(flag) }
        checks.checkWord("response_format", among: ["b64_json", "url"])
        if !Self.fitsAddress(request) {
            for name in request.parameters.keys.sorted() where Self.addressNames.contains(name) {
                checks.fail(name, Self.needsAddress)
            }
        }
        if request.format != nil {
            checks.fail("format", "cannot be chosen here; leave it out, or ask for \"transparent\"")
        }
        let own = "has a field of its own"
        checks.refuse([
            "prompt": own, "model": own, "n": own, "size": own, "width": own, "height": own, "seed": own, "image": own,
            "image[]": own, "key": "belongs into the header",
            "stream": "breaks the promise that a repeat costs nothing",
            "no-cache": "breaks the promise that a repeat costs nothing; change the seed for another image",
        ])
        try checks.finish()
    }

    func keyWarning(_ key: Secret) -> String? {
        let text = key.reveal()
        if text.hasPrefix("pk_") {
            return "keys that begin with pk_ are for browsers and may do little; servers use those with sk_"
        }
        return text.hasPrefix("sk_") ? nil : "Pollinations' keys begin with sk_ or pk_; this one does not"
    }

    // MARK: Submission

    func submission(of job: PreparedJob) throws(GenerationError) -> Submission {
        guard job.request.count == 1 else {
            throw .invalid("count", "is \(job.request.count); one request makes one image")
        }
        guard job.mask == nil else { throw .invalid("mask", "is not taken by pollinations") }
        let hasFiles = job.images.contains { if case .inline = $0 { true } else { false } }
        if hasFiles { return try edit(job) }
        if !job.usesBody, let submission = try image(job) { return submission }
        return try generation(job)
    }

    /// `GET /image/{prompt}`; `nil` when it cannot be said in an address.
    private func image(_ job: PreparedJob) throws(GenerationError) -> Submission? {
        let request = job.request
        let addresses = job.addresses
        guard Self.fitsAddress(request),
            // They are joined by bars, and one alone is split at commas.
            !addresses.contains(where: { $0.contains("|") || $0.contains(",") })
        else { return nil }
        var builder = builder(job)
        if let size = request.size {
            builder.add("width", .integer(size.width))
            builder.add("height", .integer(size.height))
        }
        if !addresses.isEmpty {
            builder.add("image", addresses: addresses, as: .text(addresses.joined(separator: "|")))
        }
        let query = builder.fields.map { (name: $0.name, value: $0.value.plain) }
        let url = try endpoint.url(["image", request.prompt], query: query)
        guard url.text.utf8.count <= Self.longestAddress else { return nil }
        builder.note("prompt", request.prompt)
        return try builder.get(url, clocks: submitClocks)
    }

    /// `POST /v1/images/generations`.
    private func generation(_ job: PreparedJob) throws(GenerationError) -> Submission {
        var builder = try bodyBuilder(job)
        builder.add("prompt", .text(job.request.prompt))
        builder.add("size", job.request.size.map { .text($0.description) })
        if !job.addresses.isEmpty {
            builder.add("image", addresses: job.addresses, as: .array(job.addresses.map(JSONValue.text)))
        }
        return try builder.json(try endpoint.url(["v1", "images", "generations"]), clocks: submitClocks)
    }

    /// `POST /v1/images/edits` as a form.
    private func edit(_ job: PreparedJob) throws(GenerationError) -> Submission {
        var builder = try bodyBuilder(job)
        builder.add("prompt", .text(job.request.prompt))
        builder.add("size", job.request.size.map { .text($0.description) })
        let name = job.images.count == 1 ? "image" : "image[]"
        for image in job.images {
            switch image {
            case .inline(let input): try builder.add(name, input)
            case .url(let address): builder.add(name, address: address)
            }
        }
        return try builder.form(try endpoint.url(["v1", "images", "edits"]), clocks: submitClocks)
    }

    /// The fields of a request with a body.
    private func bodyBuilder(_ job: PreparedJob) throws(GenerationError) -> SubmissionBuilder {
        if let name = job.request.parameters.keys.sorted().first(where: Self.addressNames.contains) {
            throw .invalid(name, Self.needsAddress)
        }
        return builder(job)
    }

    private func builder(_ job: PreparedJob) -> SubmissionBuilder {
        var builder = SubmissionBuilder(job, limits: traits.inputLimits)
        builder.add(job.request.parameters)
        builder.add("model", job.model.map(JSONValue.text))
        // Without one, POST takes any: two identical requests would be two generations.
        builder.add("seed", .integer(job.seed ?? 0))
        return builder
    }

    /// Parameters that only `GET /image/{prompt}` has.
    static let addressNames: Set<String> = ["enhance", "duration", "aspectRatio", "audio"]
    private static let queryNames = addressNames.union(["safe", "transparent", "quality"])
    private static let needsAddress =
        "goes with the prompt in an address; this request needs a body, for what is in the prompt, its length, the images"
        + " or another parameter"

    /// True when an address can hold the request, if it is not too long.
    private static func fitsAddress(_ request: GenerationRequest) -> Bool {
        let hasFiles = request.images.contains { if case .url = $0 { false } else { true } }
        return !hasFiles && isPlain(request.prompt) && request.parameters.keys.allSatisfy(queryNames.contains)
    }

    /// True when a prompt survives as one segment of a path: nothing that proxies decode, fold away or refuse, and
    /// not the name of the listing beside it.
    private static func isPlain(_ prompt: String) -> Bool {
        let bare = prompt.lowercased().trimming(\.isWhitespace)
        return !["models", ".", ".."].contains(bare)
            && !prompt.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0.value < 32 || $0.value == 127 }
    }
}

extension PreparedJob {
    /// The images that are addresses.
    var addresses: [String] {
        images.compactMap { if case .url(let address) = $0 { address } else { nil } }
    }
}
