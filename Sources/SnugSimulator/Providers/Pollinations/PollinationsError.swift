// SPDX-License-Identifier: Apache-2.0

/// Pollinations' failures: the standard envelope, and the responses that do not use it.
struct PollinationsError: Error {
    var reply: Reply

    init(_ status: Int, _ message: String, details: JSON? = nil, headers: Headers = [:]) {
        let codes = [
            400: "BAD_REQUEST", 401: "UNAUTHORIZED", 402: "PAYMENT_REQUIRED", 403: "FORBIDDEN", 404: "NOT_FOUND",
            405: "METHOD_NOT_ALLOWED", 409: "CONFLICT", 422: "UNPROCESSABLE_ENTITY", 429: "RATE_LIMITED",
            500: "INTERNAL_ERROR", 502: "BAD_GATEWAY", 503: "SERVICE_UNAVAILABLE",
        ]
        self.init(status, code: codes[status] ?? "UNKNOWN_ERROR", message, details: details, headers: headers)
    }

    init(_ status: Int, code: String, _ message: String, details: JSON? = nil, headers: Headers = [:]) {
        var error: [String: JSON] = [
            "code": .text(code), "message": .text(message), "timestamp": "2026-11-20T12:00:00.000Z",
            "requestId": "req-simulated",
        ]
        error["details"] = details
        reply = Reply(
            status, headers, json: ["status": .integer(status), "success": false, "error": .object(error)])
    }

    private init(_ reply: Reply) { self.reply = reply }

    static func validation(_ fields: [String: String]) -> PollinationsError {
        PollinationsError(
            400, "Validation failed",
            details: [
                "name": "ValidationError", "formErrors": [],
                "fieldErrors": .object(fields.mapValues { [.text($0)] }),
            ])
    }

    /// The status for a failure of the model behind: 401, 403, 404, 409, 415 and 429 are reported as 502.
    static func upstream(_ status: Int, body: String) -> PollinationsError {
        PollinationsError(
            [401, 403, 404, 409, 415, 429].contains(status) ? 502 : status, "Upstream error",
            details: [
                "name": "UpstreamError", "upstreamStatus": .integer(status), "upstreamHost": "models.example.test",
                "upstreamBody": .text(body),
            ])
    }

    static let contentPolicy = PollinationsError(
        422, code: "CONTENT_POLICY_VIOLATION", "The prompt was refused by the content policy")
    static let concurrency = PollinationsError(
        Reply(
            429, ["Retry-After": "1"],
            json: [
                "error": "concurrency_limit_exceeded", "message": "Only one generation at a time without paid balance",
            ]))
    static let coordinatorDown = PollinationsError(
        Reply(503, text: "Service unavailable", contentType: "text/plain"))

    static func allowance(retryAfter: Int) -> PollinationsError {
        PollinationsError(
            Reply(
                429, ["Retry-After": String(retryAfter)],
                json: [
                    "error": "Rate limit exceeded", "message": "Publishable keys may spend 1 pollen per IP per hour",
                    "retryAfterSeconds": .integer(retryAfter),
                ]))
    }

    static func spacing(retryAfter: Int) -> PollinationsError {
        PollinationsError(
            429, "One request per \(retryAfter) seconds for free models", headers: ["Retry-After": String(retryAfter)])
    }

    /// The failures by the names that scripts use.
    static func named(_ code: String) -> PollinationsError? {
        switch code {
        case "content_policy": contentPolicy
        case "concurrency_limit_exceeded": concurrency
        case "coordinator_down": coordinatorDown
        case "allowance": allowance(retryAfter: 1800)
        case "free_model_spacing": spacing(retryAfter: 45)
        case "upstream_rate_limit": upstream(429, body: #"{"error":{"message":"Too many requests"}}"#)
        case "payload_too_large": PollinationsError(413, "payload is too large")
        default: nil
        }
    }
}
