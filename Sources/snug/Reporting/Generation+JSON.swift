// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SystemPackage

/// What became of one prompt.
struct GenerationOutcome: Sendable {
    /// How it ended.
    enum Status: String, Sendable {
        case completed, failed
        /// On its way: the same command goes on with it.
        case pending
        /// Nobody knows: a person decides.
        case held
    }
    var prompt: String
    /// Its line in a batch: several may have the same prompt.
    var line: Int?
    var provider: String
    var status: Status
    var generation = Generation()
    var error: GenerationError?
    /// Whether a signal came before its end.
    var isInterrupted = false

    /// The object that `--json` prints: every key is always there.
    var json: JSONText {
        let attempts = error?.attempts ?? generation.attempts
        let images = error?.delivered ?? generation.images
        return .object([
            .init("input", .string(prompt)), .init("line", .optional(line)), .init("provider", .string(provider)),
            .init("status", .string(status.rawValue)), .init("outputs", .array(images.map(\.json))),
            .init("model", .optional(generation.model)), .init("seed", .optional(generation.seed)),
            .init("cost", .optional(generation.cost)), .init("id", .optional(generation.id ?? error?.jobID)),
            .init("request_id", .optional(generation.requestID ?? error?.requestID)),
            .init("attempts", .array(attempts.map(\.json))), .init("polls", .integer(generation.polls)),
            .init("recovered", .boolean(generation.isRecovered)),
            .init("seconds", .number(generation.duration.inSeconds)),
            .init("error", error?.json(as: isInterrupted ? "interrupted" : nil) ?? .null),
        ])
    }
}

extension Generation.Image {
    fileprivate var json: JSONText {
        var members: [JSONText.Member] = [
            .init("path", .string(FitRecord.text(of: path))), .init("media_type", .string(mediaType)),
            .init("width", .integer(size.width)), .init("height", .integer(size.height)),
            .init("bytes", .integer(byteCount)), .init("source", .optional(source)),
            .init("revised_prompt", .optional(revisedPrompt)),
        ]
        if let hex = FitRecord.hex(of: path) { members.append(.init("path_hex", .string(hex))) }
        return .object(members)
    }
}

extension Attempt {
    fileprivate var json: JSONText {
        .object([
            .init("number", .integer(number)), .init("status", .optional(status)),
            .init("outcome", .string(outcome.rawValue)), .init("failure", .optional(failure?.description)),
            .init("start", .number(start.inSeconds)), .init("seconds", .number(duration.inSeconds)),
            .init("bytes_sent", .integer(bytesSent)), .init("bytes_received", .integer(bytesReceived)),
            .init("wait", .optional(wait?.inSeconds)), .init("request_id", .optional(requestID)),
        ])
    }
}

extension GenerationError {
    /// The project's shape of an error.
    /// - Parameter name: A code that the library does not have.
    func json(as name: String? = nil) -> JSONText {
        .object([
            .init("code", .string(name ?? code.description)), .init("message", .string(message)),
            .init(
                "details",
                .object([
                    .init("status", .optional(status)), .init("provider_code", .optional(providerCode)),
                    .init("request_id", .optional(requestID)), .init("retry_after", .optional(retryAfter?.inSeconds)),
                    .init("retry_at", .optional(retryAt)), .init("was_retried", .boolean(wasRetried)),
                    .init("outcome_unknown", .boolean(isOutcomeUnknown)),
                    .init(
                        "fields",
                        .array(
                            fields.map {
                                .object([.init("name", .string($0.name)), .init("message", .string($0.message))])
                            })),
                    .init("required", .optional(required)), .init("available", .optional(available)),
                    .init("suggestions", .array(suggestions.map { .string($0) })), .init("job", .optional(jobID)),
                    .init("journal_key", .optional(journalKey)),
                ])),
        ])
    }
}
