// SPDX-License-Identifier: Apache-2.0
package import SnugGeneration
package import SnugImage
package import SnugSystem
package import SnugUpload

extension JSONValue {
    /// The project's shape of an error.
    package static func error(code: String, message: String, details: JSONValue) -> JSONValue {
        ["code": .text(code), "message": .text(message), "details": details]
    }
}

extension ImageError {
    /// The error as JSON, its details in alphabetical order.
    package var json: JSONValue {
        var values: JSONValue = [:]
        for (key, detail) in details.sorted(by: { $0.key < $1.key }) {
            switch detail {
            case .integer(let value): values.append(key, .integer(value))
            case .number(let value): values.append(key, .number(value))
            case .text(let value): values.append(key, .text(value))
            }
        }
        return .error(code: code.description, message: message, details: values)
    }
}

extension UploadError {
    /// The error as JSON.
    /// - Parameter advice: The next step for a person.
    package func json(advice: String) -> JSONValue {
        var details: JSONValue = [
            "status": .optional(status), "retry_after": .optional(retryAfter?.inSeconds), "advice": .text(advice),
        ]
        if case .resumable(let offset) = resumption { details.append("resumable_from", .integer(offset)) }
        return .error(code: code.description, message: message, details: details)
    }
}

extension GenerationError {
    /// The error as JSON.
    /// - Parameter name: A code that the library does not have.
    package func json(as name: String? = nil) -> JSONValue {
        let fields = fields.map { ["name": .text($0.name), "message": .text($0.message)] as JSONValue }
        return .error(
            code: name ?? code.description, message: message,
            details: [
                "status": .optional(status), "provider_code": .optional(providerCode),
                "request_id": .optional(requestID), "retry_after": .optional(retryAfter?.inSeconds),
                "retry_at": .optional(retryAt), "was_retried": .flag(wasRetried),
                "outcome_unknown": .flag(isOutcomeUnknown), "fields": .array(fields),
                "required": .optional(required), "available": .optional(available),
                "suggestions": .array(suggestions.map { .text($0) }), "job": .optional(jobID),
                "journal_key": .optional(journalKey),
            ])
    }
}

extension Duration {
    /// The duration in seconds.
    package var inSeconds: Double { self / .seconds(1) }
}
