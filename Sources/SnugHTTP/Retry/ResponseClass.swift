// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes

/// The class of a request's outcome, which decides whether the request may be sent again.
///
/// This is the one table of statuses and failures. A protocol that knows better about some of them states those
/// exceptions and takes the rest from here.
public enum ResponseClass: String, Sendable, Hashable, CaseIterable {
    /// The server did what was asked.
    case success
    /// Sending the request again would end in the same way.
    case definite
    /// The server did not act on the request, and may do so later.
    case transient
    /// The request may have taken effect: send it again only if a second one does no harm.
    case unknown

    /// The class of a final status.
    ///
    /// Of a gateway's failure (502, 504) and a broken server (500) nobody knows what happened behind it. Statuses
    /// without a meaning of their own are definite, as are redirects that are not followed.
    public init(status: HTTPResponse.Status) {
        self =
            switch status.code {
            case 200...299: .success
            // Timed out while the request came in, too early, too many requests, overloaded: refused before acting.
            case 408, 425, 429, 503: .transient
            // 520–524 are Cloudflare's, 529 is Anthropic's and others' "overloaded".
            case 500, 502, 504, 520...524, 529: .unknown
            default: .definite
            }
    }

    /// The class of a request that brought no complete response.
    /// - Parameters:
    ///   - failure: The reason.
    ///   - outcome: How far the request got.
    ///   - needsWholeBody: True when a server cannot act on a part of the body, so that a partly sent request had no
    ///     effect.
    public init(failure: HTTPError.Code, outcome: Outcome, needsWholeBody: Bool = false) {
        guard Self.passing.contains(failure) else {
            self = .definite
            return
        }
        self =
            switch outcome {
            case .notSent: .transient
            case .partlySent: needsWholeBody ? .transient : .unknown
            case .sentWithoutResponse, .responded: .unknown
            }
    }

    /// The class of an error: by the status of the last response when the server kept refusing, else by the failure.
    public init(_ error: HTTPError, needsWholeBody: Bool = false) {
        if error.code == .transientStatus, let response = error.response {
            self.init(status: response.status)
        } else {
            self.init(failure: error.code, outcome: error.outcome, needsWholeBody: needsWholeBody)
        }
    }

    /// True for a status with which a server asks for fewer requests.
    public static func asksToSlowDown(_ status: HTTPResponse.Status) -> Bool { [429, 503, 529].contains(status) }

    /// Failures of the network or the other end, which another attempt may not meet. All others are ours, or final.
    private static let passing: Set<HTTPError.Code> = [
        .cannotResolve, .cannotConnect, .connectTimedOut, .tlsFailed, .connectionLost, .responseCut, .malformedResponse,
        .stalled, .attemptTimedOut, .transportFailed,
    ]
}
