// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport

@testable import SnugGeneration

extension DocumentedResponse {
    /// `{error: {message, type, param, code}}`.
    private static func error(
        _ status: Int, _ message: String, type: String = "invalid_request_error", param: String? = nil,
        named: String? = nil, headers: HTTPFields = [:], hasImage: Bool = false, kind: OutcomeKind,
        code: GenerationError.Code, recovery: ProviderFailure.RecoveryAction = .none, hint: Double? = nil,
        fields: [GenerationError.Field] = [], suggestions: [String] = []
    ) -> DocumentedResponse {
        func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
        var headers = headers
        headers["x-request-id"] = "req_7"
        return DocumentedResponse(
            provider: "openai", name: message, status: status, headers: headers,
            text: #"{"error":{"message":"\#(message)","type":"\#(type)","param":\#(quoted(param)),"#
                + #""code":\#(quoted(named))}}"#, hasImage: hasImage, kind: kind, code: code, recovery: recovery,
            hint: hint, providerCode: named ?? type, requestID: "req_7", fields: fields, suggestions: suggestions)
    }

    static let openAI: [DocumentedResponse] = [
        error(
            400, "Invalid value: 'best'. Supported values are: 'low', 'high'.", param: "quality",
            named: "invalid_value",
            kind: .failed, code: .invalidRequest,
            fields: [
                GenerationError.Field("quality", "Invalid value: 'best'. Supported values are: 'low', 'high'.")
            ], suggestions: ["low", "high"]),
        error(
            400, "Your request was rejected as a result of our safety system.", type: "image_generation_user_error",
            named: "moderation_blocked", kind: .failed, code: .policyRefused),
        error(
            400, "Rejected.", named: "content_policy_violation", kind: .failed, code: .policyRefused),
        error(
            400, "Billing hard limit has been reached", named: "billing_hard_limit_reached", kind: .failed,
            code: .paymentRequired),
        error(
            401, "Incorrect API key provided.", named: "invalid_api_key", kind: .failed, code: .notAuthenticated),
        error(
            403, "Country, region, or territory not supported", type: "request_forbidden",
            named: "unsupported_country_region_territory", kind: .failed, code: .forbidden),
        error(
            404, "The model 'x' does not exist or you do not have access to it.", param: "model",
            named: "model_not_found", kind: .failed, code: .modelNotFound, recovery: .switchModel,
            fields: [
                GenerationError.Field("model", "The model 'x' does not exist or you do not have access to it.")
            ]),
        error(
            404, "This model is not supported in the v1/images/generations endpoint.", param: "model", kind: .failed,
            code: .modelNotFound, recovery: .switchModel,
            fields: [
                GenerationError.Field("model", "This model is not supported in the v1/images/generations endpoint.")
            ]),
        error(
            404, "Invalid URL (POST /images/generations)", kind: .failed, code: .invalidRequest,
            fields: [GenerationError.Field("base_url", "has no such address")]),
        error(408, "Timed out", type: "timeout", kind: .unknown, code: .outcomeUnknown),
        error(
            409, "The resource was updated by another request.", type: "conflict_error", kind: .transient,
            code: .providerFailed),
        error(
            413, "Image too large: 4706850 bytes > 4000000 bytes", param: "image", hasImage: true, kind: .transient,
            code: .payloadTooLarge, recovery: .refit(byteLimit: 4_000_000, maximumSide: nil),
            fields: [GenerationError.Field("image", "Image too large: 4706850 bytes > 4000000 bytes")]),
        error(415, "Unsupported content type.", kind: .failed, code: .unsupportedMedia),
        error(
            415, "Unsupported content type.", hasImage: true, kind: .transient, code: .unsupportedMedia,
            recovery: .reencode),
        error(422, "Unprocessable entity.", kind: .failed, code: .invalidRequest),
        error(
            429, "Rate limit reached for images per minute.", type: "requests", named: "rate_limit_exceeded",
            headers: ["retry-after": "2", "retry-after-ms": "1500"], kind: .transient, code: .rateLimited, hint: 2),
        error(
            429, "Rate limit reached for images per minute.", type: "requests", named: "rate_limit_exceeded",
            headers: ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"], kind: .transient,
            code: .rateLimited, hint: 360),
        error(
            429, "You exceeded your current quota, please check your plan and billing details.",
            type: "insufficient_quota", named: "insufficient_quota", headers: ["retry-after": "20"], kind: .failed,
            code: .paymentRequired),
        error(
            500, "The server had an error while processing your request.", type: "server_error", kind: .unknown,
            code: .outcomeUnknown),
        error(
            503, "The engine is currently overloaded, please try again later.", type: "server_error", kind: .transient,
            code: .noCapacity, recovery: .switchModel),
        error(
            529, "Overloaded", type: "overloaded_error", kind: .transient, code: .noCapacity, recovery: .switchModel),
    ]

    // MARK: Those who copy it

    private static func other(
        _ name: String, _ status: Int, _ text: String, headers: HTTPFields = [:], hasImage: Bool = false,
        kind: OutcomeKind, code: GenerationError.Code, recovery: ProviderFailure.RecoveryAction = .none,
        hint: Double? = nil,
        providerCode: String? = nil, fields: [GenerationError.Field] = []
    ) -> DocumentedResponse {
        DocumentedResponse(
            provider: "openai", name: name, status: status, headers: headers, text: text, hasImage: hasImage,
            kind: kind, code: code, recovery: recovery, hint: hint, providerCode: providerCode, fields: fields)
    }

    static let compatible: [DocumentedResponse] = [
        other(
            "Anthropic's bytes, counted in base64", 400,
            #"{"type":"error","error":{"type":"invalid_request_error","message":"messages.0.content.1.image.source."#
                + #"base64: image exceeds 5 MB maximum: 6275800 bytes > 5242880 bytes"}}"#, hasImage: true,
            kind: .transient, code: .payloadTooLarge, recovery: .refit(byteLimit: 3_932_160, maximumSide: nil),
            providerCode: "invalid_request_error"),
        other(
            "Anthropic's pixels", 400,
            #"{"type":"error","error":{"type":"invalid_request_error","message":"At least one of the image dimensions "#
                + #"exceed max allowed size: 8000 pixels"}}"#, hasImage: true,
            kind: .transient, code: .payloadTooLarge, recovery: .refit(byteLimit: nil, maximumSide: 8000),
            providerCode: "invalid_request_error"),
        other(
            "aiohttp's text", 413, "Maximum request body size 4700000 exceeded, actual body size 4707500",
            headers: ["Content-Type": "text/plain"], hasImage: true, kind: .transient, code: .payloadTooLarge,
            recovery: .refit(byteLimit: 4_700_000 - 8192 - 1024 - 5, maximumSide: nil)),
        other(
            "a media host's text", 413, #"{"error":"File too large. Max size: 4MB"}"#, hasImage: true,
            kind: .transient, code: .payloadTooLarge, recovery: .refit(byteLimit: 4_000_000, maximumSide: nil)),
        other(
            "Google's quota that comes back", 429,
            #"[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing "#
                + #"details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc."#
                + #"RetryInfo","retryDelay":"53s"}]}}]"#, kind: .transient, code: .rateLimited, hint: 53,
            providerCode: "429"),
        other(
            "a quota in words only", 429, #"{"error":{"message":"You exceeded your current quota"}}"#, kind: .failed,
            code: .paymentRequired),
        other(
            "no object", 500, #"{"error":"something went wrong"}"#, kind: .unknown, code: .outcomeUnknown),
        other(
            "everything null", 400, #"{"error":{"message":null,"type":null,"param":null,"code":null}}"#,
            kind: .failed, code: .invalidRequest),
        other(
            "FastAPI's list", 422, #"{"detail":[{"loc":["body","size"],"msg":"too large"}]}"#, kind: .failed,
            code: .invalidRequest, fields: [GenerationError.Field("body.size", "too large")]),
    ]

    // MARK: What stands before all of them

    static let proxies: [DocumentedResponse] = Dialects.names.flatMap { provider in
        func page(
            _ status: Int, _ title: String, _ kind: OutcomeKind, _ code: GenerationError.Code,
            _ recovery: ProviderFailure.RecoveryAction = .none
        ) -> DocumentedResponse {
            DocumentedResponse(
                provider: provider, name: title, status: status, headers: ["Content-Type": "text/html"],
                text: "<!DOCTYPE html><html><head><title>\(title)</title></head><body></body></html>", kind: kind,
                code: code, recovery: recovery)
        }
        return [
            page(403, "Just a moment", .failed, .forbidden),
            page(413, "413 Request Entity Too Large", .failed, .payloadTooLarge),
            page(499, "Client closed request", .unknown, .outcomeUnknown),
            page(502, "502 Bad Gateway", .unknown, .outcomeUnknown),
            page(503, "503 Service Temporarily Unavailable", .transient, .noCapacity, .switchModel),
            page(504, "504 Gateway Time-out", .unknown, .outcomeUnknown),
            page(520, "h.test | 520: Web server returns an unknown error", .unknown, .outcomeUnknown),
            page(521, "h.test | 521: Web server is down", .transient, .notSent),
            page(522, "h.test | 522: Connection timed out", .unknown, .outcomeUnknown),
            page(523, "h.test | 523: Origin is unreachable", .transient, .notSent),
            page(524, "h.test | 524: A timeout occurred", .unknown, .outcomeUnknown),
            page(525, "h.test | 525: SSL handshake failed", .transient, .notSent),
            page(526, "h.test | 526: Invalid SSL certificate", .transient, .notSent),
        ]
    }
}
