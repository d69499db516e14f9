// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem

/// OpenAI's images API and the many that copy it, each at its own address and with its own subset.
///
/// Nothing is promised when a request comes twice, and there is no listing of what was made: a response that is lost stays
/// lost, unless the vendor honours an idempotency key.
struct OpenAIDialect: CommonDialect {
    let endpoint: Endpoint
    let traits: ProviderTraits
    let wallClock: @Sendable () -> Int
    /// True for OpenAI itself.
    let isOpenAI: Bool
    private let organization: String?
    private let project: String?

    /// - Parameter contract: The vendor's promise about `Idempotency-Key`.
    init(
        _ endpoint: Endpoint, contract: RepeatContract = .none, organization: String? = nil, project: String? = nil,
        wallClock: @escaping @Sendable () -> Int = systemWallClock
    ) {
        self.endpoint = endpoint
        self.wallClock = wallClock
        self.organization = organization
        self.project = project
        isOpenAI = endpoint.base.host.lowercased() == "api.openai.com"
        traits = ProviderTraits(
            name: "openai", baseURL: endpoint.base, contract: contract, delivery: .multipart,
            inputLimits: InputLimits(byteLimit: 49_999_999, maximumCount: 16),
            maskLimits: InputLimits(byteLimit: 3_999_999, mediaTypes: ["image/png"]),
            defaultModel: isOpenAI ? "gpt-image-1.5" : nil, maximumCount: 10, takesAddresses: false,
            needsSeed: false)
    }

    /// True when the vendor honours an idempotency key.
    var honoursKeys: Bool { traits.contract == .replay || traits.contract == .rejectDuplicate }

    // MARK: Validation

    func validate(_ request: GenerationRequest) throws(GenerationError) {
        var checks = RequestChecks(request, traits)
        let models = [request.model ?? traits.defaultModel] + request.fallbackModels.map { $0 }
        for model in models {
            OpenAIModelFamily(model).check(request, &checks, model: model ?? "the model")
        }
        checks.checkWord("background", among: ["transparent", "opaque", "auto"])
        if request.parameters["background"] == .text("transparent"),
            request.format.map(RequestChecks.format) == "jpeg"
        {
            checks.fail("background", "cannot be transparent in a JPEG; ask for png or webp")
        }
        checks.checkInteger("output_compression", in: 0...100)
        if request.parameters["output_compression"] != nil, request.format.map(RequestChecks.format) == "png" {
            checks.fail("output_compression", "is for jpeg and webp; PNG loses nothing")
        }
        checks.checkWord("moderation", among: ["low", "auto"])
        checks.checkWord("style", among: ["vivid", "natural"])
        checks.checkWord("input_fidelity", among: ["high", "low"])
        checks.checkWord("response_format", among: ["url", "b64_json"])
        // A stream tells of one image, and the others would be lost.
        if request.partialImages > 0, request.count > 1 {
            checks.fail("partial_images", "can be shown of one image at a time; count is \(request.count)")
        }
        checkKind(request, &checks)
        let own = "has a field of its own"
        checks.refuse([
            "prompt": own, "model": own, "n": own, "size": own, "output_format": own, "image": own, "image[]": own,
            "mask": own, "partial_images": own, "stream": "follows from partial_images",
        ])
        try checks.finish()
    }

    /// Parameters that only generations have, or only edits.
    private func checkKind(_ request: GenerationRequest, _ checks: inout RequestChecks) {
        if request.images.isEmpty, request.parameters["input_fidelity"] != nil {
            checks.fail("input_fidelity", "needs an image")
        }
        for name in ["moderation", "style"] where !request.images.isEmpty && request.parameters[name] != nil {
            checks.fail(name, "is not taken for edits")
        }
    }

    /// Other vendors' models may refuse a request that names a format.
    func knowsFormats(of request: GenerationRequest) -> Bool {
        OpenAIModelFamily(request.model ?? traits.defaultModel).isGPTImage
    }

    func keyWarning(_ key: Secret) -> String? {
        guard isOpenAI, !key.reveal().hasPrefix("sk-") else { return nil }
        return "OpenAI's keys begin with sk-; this one does not"
    }

    // MARK: Submission

    func submission(of job: PreparedJob) throws(GenerationError) -> Submission {
        let request = job.request
        guard (1...traits.maximumCount).contains(request.count) else {
            throw .invalid("count", "is \(request.count); one request makes at most \(traits.maximumCount) images")
        }
        guard job.addresses.isEmpty else {
            throw .invalid("images", "are given by address; this API takes files only")
        }
        var builder = SubmissionBuilder(job, limits: traits.inputLimits)
        builder.add(request.parameters)
        builder.add("prompt", .text(request.prompt))
        builder.add("model", job.model.map(JSONValue.text))
        builder.add("n", request.count > 1 ? .integer(request.count) : nil)
        builder.add("size", request.size.map { .text($0.description) })
        builder.add("output_format", request.format.map { .text(RequestChecks.format($0)) })
        builder.add("seed", job.seed.map(JSONValue.integer))
        if request.partialImages > 0 {
            builder.add("stream", .flag(true))
            builder.add("partial_images", .integer(request.partialImages))
        }
        if job.images.isEmpty {
            return try dressed(
                try builder.json(try endpoint.url(["images", "generations"]), clocks: submitClocks), job)
        }
        try addFiles(job, &builder)
        return try dressed(try builder.form(try endpoint.url(["images", "edits"]), clocks: submitClocks), job)
    }

    private func addFiles(_ job: PreparedJob, _ builder: inout SubmissionBuilder) throws(GenerationError) {
        let name = job.images.count == 1 ? "image" : "image[]"
        for image in job.images {
            if case .inline(let input) = image { try builder.add(name, input) }
        }
        guard let mask = job.mask else { return }
        guard case .inline(let input) = mask else {
            throw .invalid("mask", "is given by address; files only are taken")
        }
        try builder.add("mask", input, within: traits.maskLimits)
        guard let header = PNGHeader(input.bytes) else { throw .invalid("mask", "is no PNG") }
        guard header.hasAlpha else {
            throw .invalid("mask", "has no transparency, which is what marks the place to edit")
        }
        if case .inline(let first)? = job.images.first, let image = PNGHeader(first.bytes),
            image.size != header.size
        {
            throw .invalid("mask", "is \(header.size), the image \(image.size); they must be of the same size")
        }
    }

    private func dressed(_ submission: Submission, _ job: PreparedJob) throws(GenerationError) -> Submission {
        var submission = submission
        if honoursKeys { try submission.request.headerFields.set(.idempotencyKey, outside: job.key) }
        return submission
    }

    func authorize(_ request: inout ClientRequest, with secret: Secret) throws(GenerationError) {
        try request.headerFields.set(.authorization, bearer: secret)
        if let organization { try request.headerFields.set(.openAIOrganization, outside: organization) }
        if let project { try request.headerFields.set(.openAIProject, outside: project) }
    }
}

/// The beginning of a PNG. W3C PNG §11.2.1
struct PNGHeader: Sendable, Hashable {
    var size: ImageSize
    var hasAlpha: Bool

    init?(_ bytes: [UInt8]) {
        let start: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        guard bytes.count >= 33, bytes.starts(with: start), bytes[12..<16].elementsEqual("IHDR".utf8) else {
            return nil
        }
        func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        size = ImageSize(width: number(16), height: number(20))
        // Colour types 4 and 6 have an alpha channel, the others may have a list of what is transparent before the pixels.
        hasAlpha = bytes[25] == 4 || bytes[25] == 6 || Self.hasTransparency(bytes)
    }

    private static func hasTransparency(_ bytes: [UInt8]) -> Bool {
        var offset = 8
        while offset + 8 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            let type = bytes[offset + 4..<offset + 8]
            if type.elementsEqual("tRNS".utf8) { return true }
            if type.elementsEqual("IDAT".utf8) { return false }
            offset += length + 12
        }
        return false
    }
}
