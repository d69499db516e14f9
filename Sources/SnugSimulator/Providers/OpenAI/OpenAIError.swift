// SPDX-License-Identifier: Apache-2.0

/// Failures as OpenAI and those who copy it write them: `{error: {message, type, param, code}}`.
struct OpenAIError: Error {
    var status: Int
    var message: String
    var type: String
    var parameter: String?
    var code: String?
    var headers: Headers = [:]

    var reply: Reply {
        Reply(
            status, headers,
            json: [
                "error": [
                    "message": .text(message), "type": .text(type), "param": JSON(parameter), "code": JSON(code),
                ]
            ])
    }

    static func invalid(_ parameter: String?, _ message: String, code: String? = "invalid_value") -> OpenAIError {
        OpenAIError(
            status: 400, message: message, type: "invalid_request_error", parameter: parameter, code: code)
    }

    static let invalidKey = OpenAIError(
        status: 401, message: "Incorrect API key provided.", type: "invalid_request_error", code: "invalid_api_key")

    static func modelNotFound(_ model: String) -> OpenAIError {
        OpenAIError(
            status: 404, message: "The model '\(model)' does not exist or you do not have access to it.",
            type: "invalid_request_error", parameter: "model", code: "model_not_found")
    }

    static func rateLimited(seconds: Int) -> OpenAIError {
        OpenAIError(
            status: 429, message: "Rate limit reached for images per minute. Please try again in \(seconds)s.",
            type: "requests", code: "rate_limit_exceeded",
            headers: ["retry-after": String(seconds), "retry-after-ms": String(seconds * 1000)])
    }

    static let insufficientQuota = OpenAIError(
        status: 429, message: "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota", code: "insufficient_quota")
    static let contentPolicy = OpenAIError(
        status: 400, message: "Your request was rejected as a result of our safety system.",
        type: "image_generation_user_error",
        code: "moderation_blocked")
    static let serverError = OpenAIError(
        status: 500, message: "The server had an error while processing your request.", type: "server_error")

    /// The usual body of a status, or `nil` where only a proxy answers with it.
    static func sample(_ status: Int) -> OpenAIError? {
        switch status {
        case 400: invalid("size", "Invalid size.")
        case 401: invalidKey
        case 403:
            OpenAIError(
                status: 403, message: "Country, region, or territory not supported", type: "request_forbidden",
                code: "unsupported_country_region_territory")
        case 404: modelNotFound("no-such-model")
        case 409:
            OpenAIError(status: 409, message: "The resource was updated by another request.", type: "conflict_error")
        case 413:
            OpenAIError(
                status: 413, message: "Maximum request body size 52428800 exceeded.", type: "invalid_request_error")
        case 415: OpenAIError(status: 415, message: "Unsupported content type.", type: "invalid_request_error")
        case 422: OpenAIError(status: 422, message: "Unprocessable entity.", type: "invalid_request_error")
        case 429: rateLimited(seconds: 1)
        case 500: serverError
        case 503, 529:
            OpenAIError(
                status: status, message: "The engine is currently overloaded, please try again later.",
                type: status == 529 ? "overloaded_error" : "server_error")
        default: nil
        }
    }

    static func named(_ code: String) -> OpenAIError? {
        switch code {
        case "insufficient_quota": insufficientQuota
        case "rate_limit_exceeded": rateLimited(seconds: 1)
        case "moderation_blocked", "content_policy_violation": contentPolicy
        case "invalid_api_key": invalidKey
        case "model_not_found": modelNotFound("no-such-model")
        case "image_too_large":
            // Anthropic's wording and status, which copies of the API share: sizes counted on base64.
            OpenAIError(
                status: 400, message: "image exceeds 5 MB maximum: 6275800 bytes > 5242880 bytes",
                type: "invalid_request_error")
        default: nil
        }
    }
}
