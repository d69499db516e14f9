// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// What a failure is called for a person: the provider's words, what they mean, what to do.
enum Advice {
    /// - Parameter words: The provider's, scrubbed.
    static func message(_ refusal: ProviderFailure, words: String?) -> String {
        let status = refusal.status.map { (200...299).contains($0) ? "" : "status \($0)" } ?? ""
        var message = meaning(refusal)
        let parts = [status, words ?? ""].filter { !$0.isEmpty }
        if !parts.isEmpty { message += " (\(parts.joined(separator: ": ")))" }
        if let advice = advice(refusal) { message += "; \(advice)" }
        return message
    }

    private static func meaning(_ refusal: ProviderFailure) -> String {
        switch refusal.code {
        case .invalidRequest:
            let fields = refusal.fields.map { "\($0.name) \($0.message)" }.joined(separator: "; ")
            return fields.isEmpty ? "the request was refused" : "the request was refused: \(fields)"
        case .notAuthenticated: return "the key is not accepted"
        case .paymentRequired:
            guard let required = refusal.required, let available = refusal.available else {
                return "the account has not enough left"
            }
            return "the account has \(plain(available)) left where \(plain(required)) are needed"
        case .forbidden: return "the account may not do this"
        case .modelNotFound: return "there is no such model"
        case .jobNotFound: return "the provider does not know the job any more"
        case .policyRefused: return "the provider will not make this image"
        case .payloadTooLarge: return "the input is too large"
        case .unsupportedMedia: return "the input's format is not taken"
        case .rateLimited: return "too many requests"
        case .noCapacity: return "the model has no capacity just now"
        case .notSent: return "the request did not reach the provider"
        case .generationFailed: return "the generation ended without an image"
        case .outcomeUnknown: return "nobody can say whether the image was made and charged"
        case .badResponse: return "the answer is not what the API documents"
        default: return "the provider failed"
        }
    }

    private static func advice(_ refusal: ProviderFailure) -> String? {
        switch refusal.code {
        case .notAuthenticated: return refusal.remedy == .refreshToken ? nil : "check the key, or make a new one"
        case .paymentRequired: return "top up the account, then run it again"
        case .modelNotFound where !refusal.suggestions.isEmpty:
            return "there are " + refusal.suggestions.joined(separator: ", ")
        case .modelNotFound: return "list the models that there are"
        case .policyRefused: return "change the prompt"
        case .invalidRequest where !refusal.suggestions.isEmpty && !refusal.fields.isEmpty:
            return "possible are " + refusal.suggestions.joined(separator: ", ")
        case .rateLimited, .noCapacity:
            return refusal.hint.map { "again in \(Int($0.seconds.rounded(.up))) s" }
        case .badResponse where (300...399).contains(refusal.status ?? 0):
            return "a redirect is not followed with a paid request: give the final address as base URL"
        default: return nil
        }
    }

    static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}
