// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// A protocol whose server keeps an offset, seen through its four requests.
protocol OffsetDialect: Sendable {
    /// Whether an offset at the end means that all is done.
    var endsByOffset: Bool { get }
    /// What chunks have to be a multiple of.
    var granularity: Int { get }
    /// The least and the most that the server takes in one request, as far as it has said.
    var appendSizes: ClosedRange<Int>? { get }
    /// When the server forgets the upload, as far as it has said: seconds since 1970 by this machine's clock.
    var expires: Int? { get }
    /// Begins an upload; the result carries its address.
    mutating func create() async throws -> StepResult
    /// Asks for the offset.
    mutating func ask(_ upload: HTTPURL) async throws -> StepResult
    /// Sends a piece.
    /// - Parameter next: What most likely follows, to get it ready meanwhile.
    mutating func send(_ range: Range<Int>, next: Range<Int>, to upload: HTTPURL) async throws -> StepResult
    /// Removes what the server has.
    func discard(_ upload: HTTPURL) async throws -> Bool
    /// Looks at what is there once all is done.
    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation
}

/// What one request of a dialect came to.
struct StepResult {
    var step: OffsetMachine.Step
    var upload: HTTPURL?
    var exchange: UploadJob.Exchange

    init(_ step: OffsetMachine.Step, _ exchange: UploadJob.Exchange, upload: HTTPURL? = nil) {
        self.step = step
        self.exchange = exchange
        self.upload = upload
    }

    /// Judges everything that is not the dialect's own success.
    init(judging exchange: UploadJob.Exchange) {
        switch exchange {
        case .answer(let response): self.init(Self.step(after: response.status), exchange)
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
        // Smaller chunks help against what cuts a request off, not against what keeps it from starting.
        let cut: [HTTPError.Code] = [.connectionLost, .stalled, .attemptTimedOut, .answerCut]
        return .transient(lineFailed: cut.contains(error.code))
    }
}

extension ResponseClass {
    /// The class of a status in an upload: what a proxy or a server that restarts says with any 5xx may pass, except that
    /// there is no room (507).
    init(ofUpload status: HTTPResponse.Status) {
        let general = ResponseClass(status: status)
        self = general == .definite && status.kind == .serverError && status != 507 ? .unknown : general
    }
}

extension UploadJob.Exchange {
    /// The error that this exchange means when nothing else can be done.
    func error(_ failure: OffsetMachine.Failure, at offset: Int) -> UploadError {
        let status = response?.status.code
        let words = response.map { "\($0.url.authority) answered \($0.status.code)\($0.shownBody)" }
        let cause: HTTPError? = if case .failure(let error) = self { error } else { nil }
        let what = words ?? cause?.message ?? "no answer"
        if cause?.code == .deadlineExceeded {
            return UploadError(
                .deadlineExceeded, "the deadline passed", resumption: .resumable(from: offset), cause: cause)
        }
        let (code, advice, resumption): (UploadError.Code, String, UploadError.Resumption) =
            switch failure {
            case .refused where status == 401 || status == 403:
                (.credentialsRefused, "check the credentials", .resumable(from: offset))
            case .refused: (.refused, "the server will not take it", .none)
            case .tooLarge: (.tooLarge, "the server takes no piece of this size; send a smaller file", .none)
            case .gone: (.gone, "the server keeps forgetting the upload", .startOver)
            case .checksum:
                (
                    .checksumMismatch, "what arrives is not what is sent; check memory and network",
                    .resumable(from: offset)
                )
            case .retries: (.retriesSpent, "try again later", .resumable(from: offset))
            case .waitTooLong:
                (.retriesSpent, "the server asks for a longer wait than is allowed", .resumable(from: offset))
            case .misbehaved: (.serverMisbehaved, "the server's offset lies outside the file", .startOver)
            }
        return UploadError(code, "\(what); \(advice)", resumption: resumption, status: status, cause: cause)
    }
}

extension ClientResponse {
    /// The beginning of an error's text, on one line and without anything that would move a terminal's cursor; of a page
    /// its title.
    var shownBody: String {
        guard !isSuccess, !body.isEmpty else { return "" }
        var text = String(decoding: body.prefix(2000), as: UTF8.self)
        if text.drop(while: \.isWhitespace).hasPrefix("<"), text.lowercased().contains("<html") {
            guard let start = text.firstRange(of: "<title>")?.upperBound,
                let end = text[start...].firstRange(of: "</title>")?.lowerBound
            else { return "" }
            text = String(text[start..<end])
        }
        let plain = String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
        return ": " + plain.prefix(200).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
