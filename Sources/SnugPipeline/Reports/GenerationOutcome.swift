// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration
import SnugHTTP
import SnugSystem

/// The result of one prompt.
public struct GenerationOutcome: Sendable {
    /// The ways in which a prompt ends.
    public enum Status: String, Sendable {
        case completed, failed
        /// Fewer images came than were asked for: the same work makes the missing ones.
        case incomplete
        /// Submitted and not delivered: the same work resumes it.
        case pending
        /// The provider cannot tell whether it took effect: a person decides.
        case held
    }
    /// The prompt and its place.
    public var work: GenerationWork
    /// The end of the prompt.
    public var status: Status
    /// Its images, when it is completed.
    public var generation = Generation()
    /// The reason, when it is not completed.
    public var error: GenerationError?
    /// Names of the journal's records that are pending or held.
    public var openIDs: [String] = []
    /// The task was cancelled before the end.
    public var isInterrupted = false
    /// False for work that was left out, because the account is empty or the task was cancelled.
    public var wasStarted = true

    init(_ work: GenerationWork, _ status: Status) {
        self.work = work
        self.status = status
    }

    /// An outcome of a request that cannot be sent.
    package init(_ work: GenerationWork, _ error: GenerationError) {
        self.init(work, .failed)
        self.error = error
    }

    /// The outcome as one line of JSON: every key is always there.
    public func jsonLine(provider: String) -> String { json(provider: provider).description }

    /// The outcome as JSON.
    package func json(provider: String) -> JSONValue {
        let attempts = error?.attempts ?? generation.attempts
        let images = error?.delivered ?? generation.images
        return [
            "input": .text(work.request.prompt), "line": .optional(work.line), "provider": .text(provider),
            "status": .text(status.rawValue), "outputs": .array(images.map(\.json)),
            "requested": .integer(work.request.count), "missing": .integer(generation.missingCount),
            "model": .optional(generation.model), "seed": .optional(generation.seed),
            "cost": .optional(generation.cost), "id": .optional(generation.id ?? error?.jobID),
            "request_id": .optional(generation.requestID ?? error?.requestID),
            "attempts": .array(attempts.map(\.json)), "polls": .integer(generation.polls),
            "recovered": .flag(generation.isRecovered),
            "seconds": .number(generation.duration.inSeconds),
            "error": error?.json(as: isInterrupted ? "interrupted" : nil) ?? .null,
        ]
    }
}

extension Generation.Image {
    fileprivate var json: JSONValue {
        var value: JSONValue = [
            "path": .text(FitRecord.text(of: path)), "media_type": .text(mediaType),
            "width": .integer(size.width), "height": .integer(size.height),
            "bytes": .integer(byteCount), "source": .optional(source),
            "revised_prompt": .optional(revisedPrompt),
        ]
        if let hex = FitRecord.hex(of: path) { value.append("path_hex", .text(hex)) }
        return value
    }
}

extension Attempt {
    fileprivate var json: JSONValue {
        [
            "number": .integer(number), "status": .optional(status),
            "outcome": .text(outcome.rawValue), "failure": .optional(failure?.description),
            "start": .number(start.inSeconds), "seconds": .number(duration.inSeconds),
            "bytes_sent": .integer(bytesSent), "bytes_received": .integer(bytesReceived),
            "wait": .optional(wait?.inSeconds), "request_id": .optional(requestID),
        ]
    }
}
