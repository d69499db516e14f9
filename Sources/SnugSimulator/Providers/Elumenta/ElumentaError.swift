// SPDX-License-Identifier: Apache-2.0

/// Elumenta's failures: `{error, message, details}` and the members that some codes add at the top.
struct ElumentaError: Error {
    var status: Int
    var code: String
    var message: String
    var details: JSON = [:]
    var extra: [String: JSON] = [:]

    var reply: Reply {
        var body: [String: JSON] = ["error": .text(code), "message": .text(message), "details": details]
        for (name, value) in extra { body[name] = value }
        return Reply(status, json: .object(body))
    }

    static let badRequest = ElumentaError(status: 400, code: "bad_request", message: "The request could not be read")
    static let notAuthenticated = ElumentaError(
        status: 401, code: "not_authenticated", message: "Missing or invalid credentials")
    static let tokenExpired = ElumentaError(status: 401, code: "token_expired", message: "Access token has expired")
    static let notFound = ElumentaError(status: 404, code: "not_found", message: "Generation not found")
    static let modelUnavailable = ElumentaError(
        status: 503, code: "model_unavailable", message: "Model is temporarily unavailable")
    static let providerError = ElumentaError(
        status: 500, code: "provider_error", message: "The provider failed; no tokens were charged",
        extra: ["provider": "simulator"])
    static let insufficientPlan = ElumentaError(
        status: 403, code: "insufficient_plan", message: "Your plan does not include this")

    static func insufficientTokens(required: Int, available: Int) -> ElumentaError {
        ElumentaError(
            status: 402, code: "insufficient_tokens", message: "Not enough tokens",
            details: ["required": .integer(required), "available": .integer(available)])
    }

    static func validation(_ fields: [(field: String, message: String)]) -> ElumentaError {
        let list = fields.map { ["field": .text($0.field), "message": .text($0.message)] as JSON }
        return ElumentaError(
            status: 422, code: "validation_error", message: "Validation failed", details: ["fields": .array(list)])
    }

    static func rateLimited(retryAfter: Int, hour: Int, day: Int, plan: String) -> ElumentaError {
        ElumentaError(
            status: 429, code: "rate_limit_exceeded", message: "Rate limit exceeded",
            extra: [
                "retry_after": .integer(retryAfter), "limit_hour": .integer(hour), "limit_day": .integer(day),
                "plan": .text(plan),
            ])
    }

    /// The documented sample of every code.
    static let samples = [
        badRequest, notAuthenticated, tokenExpired, insufficientTokens(required: 8, available: 3), insufficientPlan,
        notFound, validation([("prompt", "Field required")]),
        rateLimited(retryAfter: 847, hour: 60, day: 500, plan: "pro"), providerError, modelUnavailable,
    ]
}
