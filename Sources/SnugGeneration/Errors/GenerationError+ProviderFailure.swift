// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension GenerationError {
    /// A refusal as what ends the operation.
    /// - Parameter now: Seconds since 1970.
    init(_ refusal: ProviderFailure, now: Int) {
        self.init(refusal.code, refusal.message, status: refusal.status)
        fields = refusal.fields
        providerCode = refusal.providerCode
        requestID = refusal.requestID
        retryAfter = refusal.hint
        retryAt = refusal.hint.map { now + Int($0.seconds.rounded(.up)) }
        isOutcomeUnknown = refusal.code == .outcomeUnknown
        required = refusal.required
        available = refusal.available
        suggestions = refusal.suggestions
    }

    /// A request that cannot be right, and why.
    static func invalid(_ fields: [Field]) -> GenerationError {
        var error = GenerationError(
            .invalidRequest,
            "nothing was sent: " + fields.map { "\($0.name) \($0.message)" }.joined(separator: "; "))
        error.fields = fields
        return error
    }

    /// The same for one field.
    static func invalid(_ name: String, _ message: String) -> GenerationError { .invalid([Field(name, message)]) }
}
