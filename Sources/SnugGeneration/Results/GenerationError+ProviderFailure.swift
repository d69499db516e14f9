// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension GenerationError {
    /// A failure as what ends the operation.
    /// - Parameter now: Seconds since 1970.
    init(_ failure: ProviderFailure, now: Int) {
        self.init(failure.code, failure.message, status: failure.status)
        fields = failure.fields
        providerCode = failure.providerCode
        requestID = failure.requestID
        retryAfter = failure.hint
        retryAt = failure.hint.map { now + Int($0.seconds.rounded(.up)) }
        isOutcomeUnknown = failure.code == .outcomeUnknown
        required = failure.required
        available = failure.available
        suggestions = failure.suggestions
    }

    /// A request that cannot be right, and why.
    static func invalid(_ fields: [Field]) -> GenerationError {
        var error = GenerationError(
            .invalidRequest,
            "nothing was sent: " + fields.map { "\($0.name) \($0.message)" }.joined(separator: "; "))
        error.fields = fields
        return error
    }

    /// An invalid request with one wrong field.
    static func invalid(_ name: String, _ message: String) -> GenerationError { .invalid([Field(name, message)]) }
}
