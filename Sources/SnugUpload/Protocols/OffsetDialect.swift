// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// An upload protocol whose server keeps an offset, reduced to its requests.
protocol OffsetDialect: Sendable {
    /// True when an offset at the end means that the upload is complete.
    var endsByOffset: Bool { get }
    /// The unit of chunk sizes.
    var granularity: Int { get }
    /// The limits of the server for one request, if it announced them.
    var appendSizes: ClosedRange<Int>? { get }
    /// The time at which the server forgets the upload, if announced, in seconds since 1970 by this machine's clock.
    var expires: Int? { get }
    /// Begins an upload; the result carries its address.
    mutating func create() async throws -> StepResult
    /// Asks for the offset.
    mutating func ask(_ upload: HTTPURL) async throws -> StepResult
    /// Sends a chunk.
    /// - Parameter next: The chunk that most likely follows, to be prepared meanwhile.
    mutating func send(_ range: Range<Int>, next: Range<Int>, to upload: HTTPURL) async throws -> StepResult
    /// Removes the data at the server.
    func discard(_ upload: HTTPURL) async throws -> Bool
    /// Checks the complete object.
    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation
}

/// The result of one request of a dialect.
struct StepResult {
    var step: OffsetMachine.Step
    var upload: HTTPURL?
    var exchange: UploadJob.Exchange

    init(_ step: OffsetMachine.Step, _ exchange: UploadJob.Exchange, upload: HTTPURL? = nil) {
        self.step = step
        self.exchange = exchange
        self.upload = upload
    }

    /// The step for every result that the dialect does not handle itself.
    init(judging exchange: UploadJob.Exchange) {
        switch exchange {
        case .responded(let response): self.init(Self.step(after: response.status), exchange)
        case .failure(let error): self.init(Self.step(after: error), exchange)
        }
    }

    private static func step(after status: HTTPResponse.Status) -> OffsetMachine.Step {
        switch status {
        case 404, 410: return .gone
        case 408: return .transient(lineFailed: true)
        case 409, 416: return .outOfStep
        case 413: return .tooLarge
        case 423: return .locked
        case 460: return .badChecksum
        default: break
        }
        switch ResponseClass(ofUpload: status) {
        case .success, .definite: return .refused
        case .transient: return .busy
        case .unknown: return ResponseClass.asksToSlowDown(status) ? .busy : .transient(lineFailed: false)
        }
    }

    private static func step(after error: HTTPError) -> OffsetMachine.Step {
        guard ResponseClass(error) != .definite else { return .refused }
        // Smaller chunks help if requests are cut off, not if they cannot start.
        let cut: [HTTPError.Code] = [.connectionLost, .stalled, .attemptTimedOut, .responseCut]
        return .transient(lineFailed: cut.contains(error.code))
    }
}

extension ResponseClass {
    /// The class of a status in an upload. Proxies send all kinds of 5xx while the server behind them restarts, so all
    /// are worth another attempt, except that there is no space (507). A lock (423) is another request's, which ends.
    init(ofUpload status: HTTPResponse.Status) {
        guard status != 423 else {
            self = .transient
            return
        }
        let general = ResponseClass(status: status)
        self = general == .definite && status.kind == .serverError && status != 507 ? .unknown : general
    }
}

extension UploadJob.Exchange {
    /// The server's response in words, or the reason why there is none.
    var words: String {
        switch self {
        case .failure(let error) where error.response == nil: error.message
        default:
            response.map { "\($0.url.authority) responded with \($0.status.code)\($0.shownBody)" } ?? "no response"
        }
    }

    /// The error for this exchange when the upload cannot continue.
    func error(_ failure: OffsetMachine.Failure, at offset: Int) -> UploadError {
        let status = response?.status.code
        let hint = response.flatMap { $0.isSuccess ? nil : WaitHint.read($0.headerFields, body: $0.body) }
        let cause: HTTPError? = if case .failure(let error) = self { error } else { nil }
        if cause?.code == .deadlineExceeded {
            return UploadError(
                .deadlineExceeded, "the deadline passed", resumption: .resumable(from: offset), cause: cause)
        }
        let (code, advice, resumption): (UploadError.Code, String, UploadError.Resumption) =
            switch failure {
            case .refused where status == 401 || status == 403:
                (.credentialsRefused, "check the credentials", .resumable(from: offset))
            case .refused: (.refused, response?.refusalAdvice ?? "the upload cannot go on", .none)
            case .tooLarge: (.tooLarge, "the server accepts no request of this size; send a smaller file", .none)
            case .gone: (.gone, "the server forgot the upload repeatedly; try again later", .startOver)
            case .checksum:
                (
                    .checksumMismatch, "the data arrives damaged; check memory and network",
                    .resumable(from: offset)
                )
            case .retries where response?.isSuccess == true && response?.shownBody.isEmpty == true:
                (.retriesSpent, "no attempt made progress; try again later", .resumable(from: offset))
            case .retries:
                (.retriesSpent, "try again \(hint.map { "in \($0.inWords)" } ?? "later")", .resumable(from: offset))
            case .waitTooLong:
                (
                    .retriesSpent,
                    "the server asks for a wait of \(hint?.inWords ?? "more than allowed"); try again then",
                    .resumable(from: offset)
                )
            case .misbehaved:
                (
                    .serverMisbehaved,
                    "the server reports bytes that were never sent to it; use another server or upload protocol",
                    .startOver
                )
            }
        return UploadError(
            code, "\(words); \(advice)", resumption: resumption, status: status, retryAfter: hint, cause: cause)
    }
}

extension Duration {
    /// The duration in the unit that a person would use, rounded up.
    var inWords: String {
        let seconds = Int((self / .seconds(1)).rounded(.up))
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\((seconds + 59) / 60) min"
        default: return "\((seconds + 3599) / 3600) h"
        }
    }
}

extension ClientResponse {
    /// The address of an upload that the server has begun, as its `Location` says.
    /// - Throws: `server_misbehaved` when there is none, or one that cannot be used.
    func uploadAddress(_ location: String?) throws(UploadError) -> HTTPURL {
        guard let location, !location.isEmpty else {
            throw UploadError(
                .serverMisbehaved, "the server began an upload and sent no address", resumption: .startOver)
        }
        do throws(HTTPError) {
            return try url.resolving(location)
        } catch {
            throw UploadError(
                .serverMisbehaved,
                "the server began an upload at an address that cannot be used: \(error.message)",
                resumption: .startOver, cause: error)
        }
    }

    /// The address that a redirect points to, without secrets; `nil` for one that nothing can be sent to.
    var redirectTarget: String? { redirectLocation.flatMap { try? url.resolving($0) }?.redacted }

    private var redirectLocation: String? {
        [301, 302, 303, 307, 308].contains(status) ? headerFields[.location] : nil
    }

    /// The remedy for a refusal.
    var refusalAdvice: String {
        if let redirectTarget { return "it points to \(redirectTarget); use that address if it is right" }
        if let redirectLocation {
            return
                "it points to \(Scrubber().clean(redirectLocation, limit: 200)), where nothing can be uploaded; ask its operator for the address"
        }
        return switch status.code {
        case 200..<300 where shownBody.isEmpty:
            "that is no answer of this upload protocol; check the address and the protocol"
        case 404, 410: "there is nothing at this address; check it"
        case 405, 501: "the address does not take this kind of upload; check it and the protocol"
        case 409: "the server has a conflict with this address: a folder above it may be missing; create it first"
        case 415: "the server does not take this media type; give another one"
        case 507: "the server has no space left; free some there, or upload elsewhere"
        default: "the server refuses the file; its own words say why, or its operator"
        }
    }

    /// The beginning of an error's text, or the title of an HTML page, on one line and without control characters.
    var shownBody: String {
        var text = String(decoding: body.prefix(2000), as: UTF8.self)
        // S3 reports some failures with 200, and its XML has the words.
        if let failure = S3ResponseBody(Array(body.prefix(16384))).all("Error").first, let code = failure["Code"] {
            let message = failure["Message"]
            return ": " + Scrubber().clean([code, message].compactMap(\.self).joined(separator: ": "), limit: 200)
        }
        guard !isSuccess, !body.isEmpty else { return "" }
        if text.drop(while: \.isWhitespace).hasPrefix("<"), text.lowercased().contains("<html") {
            guard let start = text.firstRange(of: "<title>")?.upperBound,
                let end = text[start...].firstRange(of: "</title>")?.lowerBound
            else { return "" }
            text = String(text[start..<end])
        }
        return ": " + Scrubber().clean(text, limit: 200)
    }
}
