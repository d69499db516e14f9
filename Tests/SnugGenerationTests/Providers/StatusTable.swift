// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

@testable import SnugGeneration

/// One row of the table of statuses: what a provider's usual body with it means.
struct StatusRow: Sendable, CustomStringConvertible {
    var provider: String
    var status: Int
    var kind: OutcomeKind
    var code: GenerationError.Code
    var recovery = ProviderFailure.RecoveryAction.none

    var description: String { "\(provider) \(status)" }

    /// What holds where a provider promises nothing of its own; the request has no images.
    private static let common: [(Int, OutcomeKind, GenerationError.Code, ProviderFailure.RecoveryAction)] = [
        (301, .failed, .badResponse, .none), (302, .failed, .badResponse, .none), (303, .failed, .badResponse, .none),
        (307, .failed, .badResponse, .none), (308, .failed, .badResponse, .none),
        (400, .failed, .invalidRequest, .none), (401, .failed, .notAuthenticated, .none),
        (402, .failed, .paymentRequired, .none), (403, .failed, .forbidden, .none),
        (404, .failed, .modelNotFound, .switchModel), (405, .failed, .invalidRequest, .none),
        (408, .unknown, .outcomeUnknown, .none), (409, .failed, .invalidRequest, .none),
        (410, .failed, .invalidRequest, .none), (412, .failed, .invalidRequest, .none),
        (413, .failed, .payloadTooLarge, .none), (414, .failed, .invalidRequest, .none),
        (415, .failed, .unsupportedMedia, .none), (417, .transient, .notSent, .none),
        (422, .failed, .invalidRequest, .none),
        (425, .transient, .providerFailed, .none), (429, .transient, .rateLimited, .none),
        (431, .failed, .invalidRequest, .none), (499, .unknown, .outcomeUnknown, .none),
        (500, .unknown, .outcomeUnknown, .none), (501, .failed, .providerFailed, .none),
        (502, .unknown, .outcomeUnknown, .none), (503, .transient, .noCapacity, .switchModel),
        (504, .unknown, .outcomeUnknown, .none), (505, .failed, .providerFailed, .none),
        (520, .unknown, .outcomeUnknown, .none), (521, .transient, .notSent, .none),
        (522, .unknown, .outcomeUnknown, .none), (523, .transient, .notSent, .none),
        (524, .unknown, .outcomeUnknown, .none), (525, .transient, .notSent, .none),
        (526, .transient, .notSent, .none), (529, .transient, .noCapacity, .switchModel),
        (530, .unknown, .outcomeUnknown, .none), (599, .unknown, .outcomeUnknown, .none),
    ]

    /// What the provider itself promises.
    private static let own: [String: [Int: (OutcomeKind, GenerationError.Code, ProviderFailure.RecoveryAction)]] = [
        "elumenta": [500: (.transient, .providerFailed, .none)],
        "pollinations": [
            409: (.transient, .providerFailed, .none), 414: (.transient, .invalidRequest, .useBody),
            502: (.transient, .providerFailed, .none),
        ],
        "openai": [409: (.transient, .providerFailed, .none)],
    ]

    static let all: [StatusRow] = Dialects.names.flatMap { provider in
        common.map { status, kind, code, recovery in
            let (kind, code, recovery) = own[provider]?[status] ?? (kind, code, recovery)
            return StatusRow(provider: provider, status: status, kind: kind, code: code, recovery: recovery)
        }
    }

    /// The body that the provider documents for its failures.
    var body: String {
        switch provider {
        case "elumenta":
            let codes = [
                400: "bad_request", 401: "not_authenticated", 402: "insufficient_tokens", 403: "insufficient_plan",
                404: "not_found", 422: "validation_error", 429: "rate_limit_exceeded", 500: "provider_error",
                503: "model_unavailable",
            ]
            return #"{"error":"\#(codes[status] ?? "other")","message":"It went wrong","details":{}}"#
        case "pollinations":
            return #"{"status":\#(status),"success":false,"error":{"code":"SOME_CODE","message":"It went wrong","#
                + #""timestamp":"2026-11-20T12:00:00.000Z","requestId":"r-7"}}"#
        default:
            return #"{"error":{"message":"It went wrong","type":"some_error","param":null,"code":null}}"#
        }
    }
}
