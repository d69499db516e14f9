// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem

/// The meaning of a failure by its status and body, where a provider promises nothing of its own. Dialects state their
/// provider's exceptions, then ask for the outcome.
struct ResponseClassification: Sendable {
    /// The effect of the request.
    enum Effect: Sendable, Hashable {
        /// None, and a repeat would have none.
        case refused
        /// None, and a repeat might have one.
        case transient
        /// Unknown.
        case unknown
    }
    var effect: Effect
    var failure: ProviderFailure
    let body: ErrorBody
    /// `x-should-retry`.
    private let advice: String?

    /// Classifies a response that is no success.
    /// - Parameters:
    ///   - images: Raw bytes of the images in the request, 0 for one by address.
    ///   - now: Seconds since 1970, for hints that are times.
    init(_ response: ProviderResponse, images: [Int], prompt: String, now: Int) {
        let body = ErrorBody(response)
        self.body = body
        advice = response.headers[.shouldRetry]?.lowercased()
        effect = .unknown
        failure = ProviderFailure(
            code: .outcomeUnknown, message: "", status: response.status, providerCode: body.code ?? body.type,
            requestID: response.requestID ?? body.requestID, fields: body.fields,
            hint: WaitHint.read(response.headers, body: response.text, now: now)
                .map { min($0, RateLimiter.longestPark) },
            required: body.required, available: body.available, suggestions: body.suggestions)
        if (200...299).contains(response.status) {
            classifyReported()
        } else if body.isEnvelope, body.wording.isPolicy, ![401, 429].contains(response.status), response.status >= 400
        {
            set(.refused, .policyRefused)
        } else if response.status < 500 {
            classifyClientStatus(response.status, images: images, prompt: prompt)
        } else {
            classifyServerStatus(response.status)
        }
    }

    mutating func set(
        _ effect: Effect, _ code: GenerationError.Code, _ recovery: ProviderFailure.RecoveryAction = .none
    ) {
        self.effect = effect
        failure.code = code
        failure.recovery = recovery
    }

    /// The outcome, with a message for a person.
    var outcome: SubmissionOutcome {
        var failure = failure
        // Where waiting does not help, the end of some window is no advice.
        if advisedEffect == .refused, ![.rateLimited, .noCapacity].contains(failure.code) { failure.hint = nil }
        failure.message = Advice.message(failure, words: body.message)
        return switch advisedEffect {
        case .refused: .failed(failure)
        case .transient: .transient(failure)
        case .unknown: .unknown(failure)
        }
    }

    // MARK: Statuses

    private mutating func classifyClientStatus(_ status: Int, images: [Int], prompt: String) {
        let wording = body.wording
        switch status {
        case 300...399: set(.refused, .badResponse)
        case 400, 422:
            if !images.isEmpty, wording.isImageSize {
                set(.transient, .payloadTooLarge, refit(images, prompt))
            } else if wording.isPayment {
                set(.refused, .paymentRequired)
            } else if wording.isUsedKey {
                // An earlier request with this key got through.
                set(.unknown, .outcomeUnknown)
            } else if body.code?.lowercased() == "model_not_found" {
                set(.refused, .modelNotFound, .switchModel)
            } else {
                set(.refused, .invalidRequest)
            }
        case 401:
            let isExpired = body.code?.lowercased() == "token_expired"
            set(isExpired ? .transient : .refused, .notAuthenticated, isExpired ? .refreshToken : .none)
        case 402: set(.refused, .paymentRequired)
        case 403:
            if wording.isRateLimit {
                set(.transient, .rateLimited)
            } else {
                set(.refused, wording.isPayment ? .paymentRequired : .forbidden)
            }
        case 404 where body.isEnvelope && (!wording.isRoute || body.isAboutModel):
            set(.refused, .modelNotFound, .switchModel)
        case 404, 405:
            set(.refused, .invalidRequest)
            failure.fields = [GenerationError.Field("base_url", "has no such address")]
        case 408, 499: set(.unknown, .outcomeUnknown)
        case 413 where !images.isEmpty: set(.transient, .payloadTooLarge, refit(images, prompt))
        case 413: set(.refused, .payloadTooLarge)
        case 415 where !images.isEmpty: set(.transient, .unsupportedMedia, .reencode)
        case 415: set(.refused, .unsupportedMedia)
        // The body was asked for in a way that is not understood, so it was not sent.
        case 417: set(.transient, .notSent)
        case 425: set(.transient, .providerFailed)
        // A quota that comes back says when, whatever it is called in the text.
        case 429 where Wording(body.code, body.type).isPayment || (wording.isPayment && failure.hint == nil):
            set(.refused, .paymentRequired)
        case 429: set(.transient, .rateLimited)
        case 400...499: set(.refused, .invalidRequest)
        default: set(.unknown, .badResponse)
        }
    }

    private mutating func classifyServerStatus(_ status: Int) {
        switch status {
        case 501, 505: set(.refused, .providerFailed)
        case _ where ResponseClass.asksToSlowDown(HTTPResponse.Status(code: status)):
            set(.transient, .noCapacity, .switchModel)
        // What stands before the provider could not reach it, or does not trust it.
        case 521, 523, 525, 526: set(.transient, .notSent)
        default: set(.unknown, .outcomeUnknown)
        }
    }

    /// A failure that comes with a status of success.
    private mutating func classifyReported() {
        let wording = body.wording
        if wording.isPolicy {
            set(.refused, .policyRefused)
        } else if wording.isPayment {
            set(.refused, .paymentRequired)
        } else if wording.isRateLimit {
            set(.transient, .rateLimited)
        } else if wording.isCapacity {
            set(.transient, .noCapacity, .switchModel)
        } else {
            set(.refused, .generationFailed)
        }
    }

    private func refit(_ images: [Int], _ prompt: String) -> ProviderFailure.RecoveryAction {
        let complaint = SizeComplaint(body.complaint, sent: images.filter { $0 > 0 }, prompt: prompt)
        return .refit(byteLimit: complaint.byteLimit, maximumSide: complaint.maximumSide)
    }

    /// Codes that a repeat never changes.
    private static let finalCodes: Set<GenerationError.Code> = [
        .policyRefused, .paymentRequired, .payloadTooLarge, .unsupportedMedia,
    ]

    /// The effect with `x-should-retry` obeyed, both ways. It says that a repeat is wanted, not that nothing has happened:
    /// what may have been charged stays unknown.
    private var advisedEffect: Effect {
        switch (advice, effect) {
        // The header does not speak of a different request, as after a refit.
        case ("false", .transient) where failure.recovery == .none || failure.recovery == .switchModel: .refused
        case ("true", .refused) where !Self.finalCodes.contains(failure.code): .transient
        default: effect
        }
    }
}

extension ResponseClassification {
    init(_ response: ProviderResponse, to job: PreparedJob, now: Int) {
        self.init(response, images: job.imageSizes, prompt: job.request.prompt, now: now)
    }

    /// A success whose body is of no use: something was made, but not known what.
    static func badResponse(_ response: ProviderResponse, _ what: String) -> ProviderFailure {
        ProviderFailure(
            code: .badResponse, message: "the response is not what the API documents: \(what)", status: response.status,
            requestID: response.requestID)
    }

    /// A description of the content that came where JSON or an image should be.
    static func described(_ response: ProviderResponse) -> String {
        if let image = response.images.first { return image.byteCount == 0 ? "an empty image" : "an image" }
        let kind = ContentSignature(response.text)
        guard kind == .json else { return kind.description }
        return JSONValue(parsing: response.text) == nil ? "JSON that is cut or damaged" : "JSON of another shape"
    }
}

extension PreparedJob {
    /// Raw bytes of each image that travels in the request, 0 for one by address.
    var imageSizes: [Int] {
        (images + (mask.map { [$0] } ?? [])).map { image in
            if case .inline(let input) = image { input.bytes.count } else { 0 }
        }
    }
}
