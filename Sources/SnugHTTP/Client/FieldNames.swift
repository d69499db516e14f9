// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

// Field names that HTTPTypes does not have and more than one module uses.
extension HTTPField.Name {
    package static let idempotencyKey = Self(literal: "Idempotency-Key")
    package static let requestID = Self(literal: "X-Request-Id")
    package static let retryAfterMilliseconds = Self(literal: "Retry-After-Ms")
    package static let rateLimit = Self(literal: "RateLimit")
    /// RFC 9530
    package static let reprDigest = Self(literal: "Repr-Digest")

    /// A name that is written in the source, where a wrong one is a bug.
    package init(literal: StaticString) {
        guard let name = Self("\(literal)") else { preconditionFailure("\(literal) is not a field name") }
        self = name
    }
}

extension HTTPFields {
    /// The name that the server gave the request.
    package var requestID: String? {
        self[.requestID] ?? self[named: "Request-Id"] ?? self[named: "X-Amz-Request-Id"]
    }
}
