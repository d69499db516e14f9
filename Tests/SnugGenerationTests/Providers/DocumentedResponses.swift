// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport

@testable import SnugGeneration

/// A response with the body that a provider documents, or that was seen in the wild, and what it means.
struct DocumentedResponse: Sendable, CustomStringConvertible {
    var provider: String
    var name: String
    var status: Int
    var headers: HTTPFields = [:]
    var text: String
    /// Whether the request had an image, of 4,706,850 bytes.
    var hasImage = false

    var kind: OutcomeKind
    var code: GenerationError.Code
    var recovery = ProviderFailure.RecoveryAction.none
    /// Seconds.
    var hint: Double?
    var providerCode: String?
    var requestID: String?
    var fields: [GenerationError.Field] = []
    var suggestions: [String] = []
    var required: Double?
    var available: Double?
    /// What the message for a person says, beside the provider's words.
    var says = ""

    var description: String { "\(provider) \(status) \(name)" }

    static let all = elumenta + pollinations + pollinationsUpstream + openAI + compatible + proxies

    private static func field(_ name: String, _ message: String) -> GenerationError.Field {
        GenerationError.Field(name, message)
    }

    // MARK: Elumenta

    private static let elumenta: [DocumentedResponse] = [
        .init(
            provider: "elumenta", name: "bad request", status: 400,
            text: #"{"error":"bad_request","message":"The request could not be read","details":{}}"#,
            kind: .failed, code: .invalidRequest, providerCode: "bad_request", says: "the request was refused"),
        .init(
            provider: "elumenta", name: "wrong key", status: 401,
            text: #"{"error":"not_authenticated","message":"Missing or invalid credentials","details":{}}"#,
            kind: .failed, code: .notAuthenticated, providerCode: "not_authenticated", says: "check the key"),
        .init(
            provider: "elumenta", name: "old token", status: 401,
            text: #"{"error":"token_expired","message":"Access token has expired","details":{}}"#,
            kind: .transient, code: .notAuthenticated, recovery: .refreshToken, providerCode: "token_expired"),
        .init(
            provider: "elumenta", name: "no tokens", status: 402,
            text: #"{"error":"insufficient_tokens","message":"Not enough","details":{"required":8,"available":3}}"#,
            kind: .failed, code: .paymentRequired, providerCode: "insufficient_tokens", required: 8, available: 3,
            says: "has 3 left where 8 are needed (status 402: Not enough); top up the account"),
        .init(
            provider: "elumenta", name: "plan", status: 403,
            text: #"{"error":"insufficient_plan","message":"Your plan does not include this","details":{}}"#,
            kind: .failed, code: .forbidden, providerCode: "insufficient_plan", says: "may not do this"),
        .init(
            provider: "elumenta", name: "model", status: 404,
            text: #"{"error":"not_found","message":"Model 'x' not found","details":{}}"#,
            kind: .failed, code: .modelNotFound, recovery: .switchModel, providerCode: "not_found",
            says: "list the models"),
        .init(
            provider: "elumenta", name: "fields", status: 422,
            text: #"{"error":"validation_error","message":"Validation failed","details":{"fields":["#
                + #"{"field":"params.size","message":"Unsupported size; valid: 1024x1024, 1024x1792"},"#
                + #"{"field":"prompt","message":"Field required"}]}}"#,
            kind: .failed, code: .invalidRequest, providerCode: "validation_error",
            fields: [
                field("params.size", "Unsupported size; valid: 1024x1024, 1024x1792"),
                field("prompt", "Field required"),
            ], suggestions: ["1024x1024", "1024x1792"], says: "params.size Unsupported size"),
        .init(
            provider: "elumenta", name: "hour window", status: 429,
            headers: ["X-RateLimit-Remaining-Hour": "0", "X-RateLimit-Reset-Hour": "1795176847"],
            text: #"{"error":"rate_limit_exceeded","message":"Rate limit exceeded","details":{},"#
                + #""retry_after":847,"limit_hour":60,"limit_day":500,"plan":"pro"}"#,
            kind: .transient, code: .rateLimited, hint: 847, providerCode: "rate_limit_exceeded",
            says: "again in 847 s"),
        .init(
            provider: "elumenta", name: "provider", status: 500,
            text: #"{"error":"provider_error","message":"Provider failed","details":{},"provider":"openai"}"#,
            kind: .transient, code: .providerFailed, providerCode: "provider_error"),
        .init(
            provider: "elumenta", name: "provider overloaded", status: 500,
            text: #"{"error":"provider_error","message":"Service unavailable: model is overloaded","details":{}}"#,
            kind: .transient, code: .noCapacity, recovery: .switchModel, providerCode: "provider_error"),
        .init(
            provider: "elumenta", name: "other 500", status: 500,
            text: #"{"error":"internal","message":"Oops","details":{}}"#,
            kind: .unknown, code: .outcomeUnknown, providerCode: "internal"),
        .init(
            provider: "elumenta", name: "model away", status: 503, headers: ["Retry-After": "30"],
            text: #"{"error":"model_unavailable","message":"Model is temporarily unavailable","details":{}}"#,
            kind: .transient, code: .noCapacity, recovery: .switchModel, hint: 30, providerCode: "model_unavailable"),
        .init(
            provider: "elumenta", name: "an image that could not be fetched", status: 422,
            text: #"{"error":"validation_error","message":"Validation failed","details":{"fields":["#
                + #"{"field":"params.image_url","message":"The image could not be fetched"}]}}"#, hasImage: true,
            kind: .failed, code: .invalidRequest, providerCode: "validation_error",
            fields: [field("params.image_url", "The image could not be fetched")]),
    ]

    // MARK: Pollinations

    /// The standard envelope.
    private static func envelope(_ status: Int, _ code: String, _ message: String, _ details: String = "") -> String {
        #"{"status":\#(status),"success":false,"error":{"code":"\#(code)","message":"\#(message)","#
            + #""timestamp":"2026-11-20T12:00:00.000Z","requestId":"r-9"\#(details)}}"#
    }

    private static func enveloped(
        _ status: Int, _ providerCode: String, _ message: String, _ details: String = "", headers: HTTPFields = [:],
        hasImage: Bool = false, kind: OutcomeKind, code: GenerationError.Code,
        recovery: ProviderFailure.RecoveryAction = .none, hint: Double? = nil, fields: [GenerationError.Field] = [],
        suggestions: [String] = []
    ) -> DocumentedResponse {
        DocumentedResponse(
            provider: "pollinations", name: message, status: status, headers: headers,
            text: envelope(status, providerCode, message, details), hasImage: hasImage, kind: kind, code: code,
            recovery: recovery, hint: hint, providerCode: providerCode, requestID: "r-9", fields: fields,
            suggestions: suggestions)
    }

    private static let pollinations: [DocumentedResponse] = [
        enveloped(
            400, "BAD_REQUEST", "Validation failed",
            #","details":{"name":"ValidationError","formErrors":["odd"],"fieldErrors":{"size":["too big","not even"]}}"#,
            kind: .failed, code: .invalidRequest,
            fields: [field("size", "too big"), field("size", "not even"), field("request", "odd")]),
        enveloped(401, "UNAUTHORIZED", "Invalid API key", kind: .failed, code: .notAuthenticated),
        enveloped(402, "PAYMENT_REQUIRED", "Insufficient balance", kind: .failed, code: .paymentRequired),
        enveloped(403, "FORBIDDEN", "Missing scope", kind: .failed, code: .forbidden),
        enveloped(
            404, "NOT_FOUND", "Model 'x' not found; available: flux, sana", kind: .failed, code: .modelNotFound,
            recovery: .switchModel, suggestions: ["flux", "sana"]),
        enveloped(
            404, "NOT_FOUND", "Route not found", kind: .failed, code: .invalidRequest,
            fields: [field("base_url", "has no such address")]),
        enveloped(
            405, "METHOD_NOT_ALLOWED", "No", kind: .failed, code: .invalidRequest,
            fields: [field("base_url", "has no such address")]),
        enveloped(409, "CONFLICT", "Busy with it", kind: .transient, code: .providerFailed),
        enveloped(
            413, "UNKNOWN_ERROR", "payload is too large", hasImage: true, kind: .transient, code: .payloadTooLarge,
            recovery: .refit(byteLimit: nil, maximumSide: nil)),
        enveloped(413, "UNKNOWN_ERROR", "payload is too large", kind: .failed, code: .payloadTooLarge),
        enveloped(422, "UNPROCESSABLE_ENTITY", "Cannot do that", kind: .failed, code: .invalidRequest),
        enveloped(422, "CONTENT_POLICY_VIOLATION", "Refused", kind: .failed, code: .policyRefused),
        enveloped(422, "SAFETY_VIOLATION", "Refused", kind: .failed, code: .policyRefused),
        .init(
            provider: "pollinations", name: "allowance of a publishable key", status: 429,
            headers: ["Retry-After": "1800"],
            text: #"{"error":"Rate limit exceeded","message":"1 pollen an hour","retryAfterSeconds":1800}"#,
            kind: .transient, code: .rateLimited, hint: 1800, providerCode: "Rate limit exceeded"),
        .init(
            provider: "pollinations", name: "second at once", status: 429, headers: ["Retry-After": "1"],
            text: #"{"error":"concurrency_limit_exceeded","message":"Only one at a time"}"#,
            kind: .transient, code: .rateLimited, recovery: .lowerConcurrency, hint: 1,
            providerCode: "concurrency_limit_exceeded"),
        enveloped(
            429, "RATE_LIMITED", "Once in 45 seconds", headers: ["Retry-After": "45"], kind: .transient,
            code: .rateLimited, hint: 45),
        enveloped(500, "INTERNAL_ERROR", "Broken", kind: .unknown, code: .outcomeUnknown),
        enveloped(502, "BAD_GATEWAY", "Empty response", kind: .transient, code: .providerFailed),
        enveloped(
            503, "SERVICE_UNAVAILABLE", "Later", kind: .transient, code: .noCapacity, recovery: .switchModel),
        .init(
            provider: "pollinations", name: "coordinator", status: 503, headers: ["Content-Type": "text/plain"],
            text: "Service unavailable", kind: .transient, code: .noCapacity, recovery: .switchModel),
    ]

    private static func upstream(
        _ upstream: Int, _ upstreamBody: String, status: Int = 502, hasImage: Bool = false, kind: OutcomeKind,
        code: GenerationError.Code, recovery: ProviderFailure.RecoveryAction = .none
    ) -> DocumentedResponse {
        enveloped(
            status, "UPSTREAM", "Upstream error \(upstream)",
            #","details":{"name":"UpstreamError","upstreamStatus":\#(upstream),"upstreamHost":"h","upstreamBody":\#(upstreamBody)}"#,
            hasImage: hasImage, kind: kind, code: code, recovery: recovery)
    }

    private static let pollinationsUpstream: [DocumentedResponse] = [
        upstream(401, #""no""#, kind: .transient, code: .providerFailed, recovery: .switchModel),
        upstream(403, #""no""#, kind: .transient, code: .providerFailed, recovery: .switchModel),
        upstream(404, #""no""#, kind: .transient, code: .providerFailed, recovery: .switchModel),
        upstream(409, #""no""#, kind: .transient, code: .providerFailed),
        upstream(415, #""no""#, hasImage: true, kind: .transient, code: .unsupportedMedia, recovery: .reencode),
        upstream(415, #""no""#, kind: .failed, code: .unsupportedMedia),
        upstream(429, #""slow down""#, kind: .transient, code: .noCapacity, recovery: .switchModel),
        upstream(403, #"{"error":{"code":"content_filter"}}"#, kind: .failed, code: .policyRefused),
        upstream(400, #""prompt blocked by safety filter""#, kind: .failed, code: .policyRefused),
        upstream(
            413, #""image exceeds 5 MB maximum: 6275800 bytes > 5242880 bytes""#, status: 413, hasImage: true,
            kind: .transient, code: .payloadTooLarge, recovery: .refit(byteLimit: 3_932_160, maximumSide: nil)),
        upstream(
            400, #"{"error":{"message":"image exceeds 5 MB maximum: 6275800 bytes > 5242880 bytes"}}"#, status: 400,
            hasImage: true, kind: .transient, code: .payloadTooLarge,
            recovery: .refit(byteLimit: 3_932_160, maximumSide: nil)),
    ]
}
