// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import SystemPackage

@testable import SnugGeneration

/// What a outcome comes to.
enum OutcomeKind: String, Sendable {
    case completed, accepted, failed, transient, unknown
}

extension SubmissionOutcome {
    var kind: OutcomeKind {
        switch self {
        case .completed: .completed
        case .accepted: .accepted
        case .failed: .failed
        case .transient: .transient
        case .unknown: .unknown
        }
    }

    var result: JobResult? {
        switch self {
        case .completed(let result), .accepted(_, let result): result
        default: nil
        }
    }
}

enum PollKind: String, Sendable {
    case completed, pending, failed, gone, pollFailed
}

extension PollOutcome {
    var kind: PollKind {
        switch self {
        case .completed: .completed
        case .pending: .pending
        case .failed: .failed
        case .gone: .gone
        case .pollFailed: .pollFailed
        }
    }

    var failure: ProviderFailure? {
        switch self {
        case .failed(let failure), .gone(let failure), .pollFailed(let failure): failure
        case .completed, .pending: nil
        }
    }
}

/// A response as the reader hands it out.
func response(
    _ status: Int, _ text: String = "", headers: HTTPFields = [:], images: [SpooledImage] = [],
    isStreamComplete: Bool? = nil, secrets: [Secret] = []
) -> ProviderResponse {
    ProviderResponse(
        status: status, headers: headers, text: Array(text.utf8), images: images,
        isStreamComplete: isStreamComplete, byteCount: text.utf8.count, scrubber: Scrubber(secrets))
}

/// An image that lies nowhere.
func spooled(_ byteCount: Int = 100) -> SpooledImage {
    SpooledImage(path: "/nonexistent/snug-test-image", byteCount: byteCount)
}

/// A job with these images.
func job(
    _ request: GenerationRequest = GenerationRequest(prompt: "a cat"), model: String? = nil, seed: Int? = nil,
    images: [ProviderImage] = [], mask: ProviderImage? = nil, usesBody: Bool = false, submittedAt: Int? = nil
) -> PreparedJob {
    PreparedJob(
        request: request, model: model ?? request.model, seed: seed ?? request.seed, images: images, mask: mask,
        key: "4f7c1f2e-job", usesBody: usesBody, submittedAt: submittedAt)
}

/// A true PNG, with so many bytes behind its end.
func png(width: Int = 8, height: Int = 8, alpha: Bool = false, padding: Int = 0) -> FittedInput {
    let bytes = PNGBuilder(width: width, height: height, colourType: alpha ? 6 : 2).bytes
    return FittedInput(
        bytes: bytes + [UInt8](repeating: 1, count: padding), mediaType: "image/png", name: "cat.png")
}

/// The three, each at an address where nobody listens.
struct Dialects {
    let elumenta: ElumentaDialect
    let pollinations: PollinationsDialect
    let openAI: OpenAIDialect

    /// 2026-11-20T12:00:00Z
    static let now = 1_795_176_000

    init() throws {
        elumenta = ElumentaDialect(try Endpoint("https://elumenta.ru/api/v2"), wallClock: { Self.now })
        pollinations = PollinationsDialect(try Endpoint("https://gen.pollinations.ai"), wallClock: { Self.now })
        openAI = OpenAIDialect(try Endpoint("https://api.openai.com/v1/"), wallClock: { Self.now })
    }

    func named(_ name: String) -> any ProviderDialect {
        switch name {
        case "elumenta": elumenta
        case "pollinations": pollinations
        default: openAI
        }
    }

    static let names = ["elumenta", "pollinations", "openai"]
}

/// The whole body of a request.
func body(of submission: Submission) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try submission.request.body?.forEachPiece { bytes += $0 }
    return bytes
}

func text(of submission: Submission) throws -> String { String(decoding: try body(of: submission), as: UTF8.self) }

/// What a validation complains of; empty when it does not.
func complaints(_ dialect: any ProviderDialect, _ request: GenerationRequest) -> [String] {
    do {
        try dialect.validate(request)
        return []
    } catch {
        return error.code == .invalidRequest ? error.fields.map(\.name) : ["\(error)"]
    }
}
