// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

/// The field names of the providers.
extension HTTPField.Name {
    static let cacheResult = Self(literal: "X-Cache")
    static let clientRequestID = Self(literal: "X-Client-Request-Id")
    static let contentSize = Self(literal: "X-Content-Size")
    static let fallbackTarget = Self(literal: "X-Fallback-Target")
    static let idempotentReplayed = Self(literal: "Idempotent-Replayed")
    static let modelUsed = Self(literal: "X-Model-Used")
    static let openAIOrganization = Self(literal: "OpenAI-Organization")
    static let openAIProject = Self(literal: "OpenAI-Project")
    static let retryCount = Self(literal: "X-Retry-Count")
    static let shouldRetry = Self(literal: "X-Should-Retry")
}

extension HTTPFields {
    /// Sets a field to a key or token.
    /// - Throws: `not_sent` when it has characters that cannot be sent.
    mutating func set(
        _ name: HTTPField.Name, bearer secret: Secret, prefix: String = "Bearer "
    ) throws(GenerationError) {
        do {
            try set(name, secret: secret, prefix: prefix)
        } catch {
            throw GenerationError(.notSent, error.message, cause: error)
        }
    }

    /// Sets a field to a text of the caller's.
    /// - Throws: `not_sent` when it has characters that cannot be sent.
    mutating func set(_ name: HTTPField.Name, outside value: String) throws(GenerationError) {
        do {
            try set(name, checked: value)
        } catch {
            throw GenerationError(.notSent, error.message, cause: error)
        }
    }
}
