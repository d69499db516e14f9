// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Messages for a person: the failure, the provider's words, the remedy.
enum Advice {
    /// - Parameter words: The provider's, scrubbed.
    static func message(_ failure: ProviderFailure, words: String?) -> String {
        let status = failure.status.map { (200...299).contains($0) ? "" : "status \($0)" } ?? ""
        var message = meaning(failure)
        let parts = [status, words ?? ""].filter { !$0.isEmpty }
        if !parts.isEmpty { message += " (\(parts.joined(separator: ": ")))" }
        if let advice = advice(failure) { message += "; \(advice)" }
        return message
    }

    private static func meaning(_ failure: ProviderFailure) -> String {
        switch failure.code {
        case .invalidRequest:
            let fields = failure.fields.map { "\($0.name) \($0.message)" }.joined(separator: "; ")
            return fields.isEmpty ? "the request was refused" : "the request was refused: \(fields)"
        case .notAuthenticated: return "the key is not accepted"
        case .paymentRequired:
            guard let required = failure.required, let available = failure.available else {
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
        case .outcomeUnknown: return "it is unknown whether the image was made and charged"
        case .badResponse: return "the response is not what the API documents"
        default: return "the provider failed"
        }
    }

    private static func advice(_ failure: ProviderFailure) -> String? {
        switch failure.code {
        case .notAuthenticated: return failure.recovery == .refreshToken ? nil : "check the key, or make a new one"
        case .paymentRequired: return "top up the account, then try again"
        case .modelNotFound where !failure.suggestions.isEmpty:
            return "there are " + failure.suggestions.joined(separator: ", ")
        case .modelNotFound: return "list the models that there are"
        case .policyRefused: return "change the prompt"
        case .invalidRequest where !failure.suggestions.isEmpty && !failure.fields.isEmpty:
            return "possible are " + failure.suggestions.joined(separator: ", ")
        case .rateLimited, .noCapacity:
            return failure.hint.map { "again in \(Int($0.seconds.rounded(.up))) s" }
        case .badResponse where (300...399).contains(failure.status ?? 0):
            return "a redirect is not followed with a paid request: give the final address as base URL"
        default: return nil
        }
    }

    static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}
