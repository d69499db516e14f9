// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem
import SystemPackage

/// Downloads results and delivers them: checked, whole, and never over another file.
struct ResultDownloader: Sendable {
    private let client: HTTPClient
    private let threads: BlockingThreads
    private let checker: ImageChecker
    private let converter: ImageConverter?
    private let base: HTTPURL
    private let policy: RetryPolicy
    private let byteLimit: Int
    private let allowsInternal: Bool
    private let environment: RetryEnvironment
    private let publisher = ImagePublisher()

    /// - Parameters:
    ///   - converter: Needed for destinations with an extension.
    ///   - base: The provider's address: what relative results are seen from, and the one origin that gets credentials.
    ///   - policy: For failures in a row that bring no byte.
    ///   - byteLimit: The largest result taken. Default 256 MiB.
    ///   - allowsInternal: True to fetch from addresses of internal networks too.
    init(
        client: HTTPClient, threads: BlockingThreads, checker: @escaping ImageChecker,
        converter: ImageConverter? = nil, base: HTTPURL,
        policy: RetryPolicy = RetryPolicy(), byteLimit: Int = 256 << 20,
        allowsInternal: Bool = false, environment: RetryEnvironment = RetryEnvironment()
    ) {
        self.client = client
        self.threads = threads
        self.checker = checker
        self.converter = converter
        self.base = base
        self.policy = policy
        self.byteLimit = byteLimit
        self.allowsInternal = allowsInternal
        self.environment = environment
    }

    /// Downloads a result, resuming where a connection broke, checks it, and gives it its name.
    /// - Parameters:
    ///   - authorize: Puts a key on the request; called only for an address on the provider's own origin.
    ///   - onProgress: Bytes here, and bytes in all when that is known.
    /// - Throws: ``ExpiredAddress``; `GenerationError`: `download_failed`, `bad_picture`, `output_failed`, `bad_answer`;
    ///   `CancellationError`.
    @concurrent
    func download(
        _ address: String, to destination: ImageDestination, deadline: ContinuousClock.Instant? = nil,
        authorize: (@Sendable (inout ClientRequest) throws -> Void)? = nil,
        onProgress: (@Sendable (_ received: Int, _ total: Int?) -> Void)? = nil
    ) async throws -> Generation.Image {
        try await withTaskExecutorPreference(threads) {
            let url = try resolve(address)
            var request = ClientRequest(.get, url, headerFields: [.accept: "image/*"])
            // A host that says nothing at all is asked again; what is here already is not fetched again.
            request.clocks = ClientRequest.Clocks(
                deadline: deadline, attemptTimeout: .seconds(300), stallTimeout: .seconds(60))
            request.redirects = .follow(maximum: 5)
            // The user has named the provider's own address, and no other.
            let beyond = allowsInternal ? ClientRequest.AddressPolicy.any : .publicOnly
            request.addressPolicy = url.origin == base.origin && !allowsInternal ? .originOnly : beyond
            if url.origin == base.origin { try authorize?(&request) }
            let temporary = publisher.temporary(in: destination.folder)
            var wasResumed = try await fetch(request, into: temporary, onProgress)
            var facts: (ImageFacts, Int)
            do {
                facts = try await check(temporary.path)
            } catch {
                // The parts may have been of two files.
                guard wasResumed else { throw error }
                wasResumed = false
                _ = try await fetch(request, into: temporary, onProgress)
                facts = try await check(temporary.path)
            }
            return try await publish(temporary, to: destination, facts, source: url.description)
        }
    }

    /// Finds out whether an image could be put there, before it is paid for.
    /// - Throws: `output_failed`.
    func check(_ destination: ImageDestination) async throws {
        try await threads.runToEnd { try publisher.check(destination) }
    }

    /// Puts an image that came within a response in its place, checked like one that was fetched.
    /// - Throws: `GenerationError`: `bad_picture`, `output_failed`; `CancellationError`.
    @concurrent
    func keep(_ image: SpooledImage, at destination: ImageDestination) async throws -> Generation.Image {
        try await withTaskExecutorPreference(threads) {
            let facts = try await check(image.path)
            let temporary = publisher.temporary(in: destination.folder)
            try publisher.copy(image, to: temporary)
            return try await publish(temporary, to: destination, facts, source: nil)
        }
    }

    private func resolve(_ address: String) throws(GenerationError) -> HTTPURL {
        do throws(HTTPError) {
            return try base.resolving(address)
        } catch {
            throw GenerationError(
                .badResponse, "the provider gave an address that is none: \(error.message)", cause: error)
        }
    }

    private func publish(
        _ temporary: ImagePublisher.Temporary, to destination: ImageDestination,
        _ facts: (facts: ImageFacts, byteCount: Int), source: String?
    ) async throws -> Generation.Image {
        try Task.checkCancellation()
        var (temporary, facts, byteCount) = (temporary, facts.facts, facts.byteCount)
        var failure: String?
        if let wanted = destination.fileExtension, !ImagePublisher.isNamed(wanted, facts.mediaType) {
            switch try await converted(temporary, to: wanted) {
            case .success(let image):
                temporary = publisher.temporary(in: destination.folder)
                try publisher.write(image.bytes, to: temporary)
                (facts, byteCount) = (image.facts, image.bytes.count)
            case .failure(let error):
                // It is paid for, so it is kept as it is.
                failure = error.message
            }
        }
        let path = try publisher.publish(temporary, to: destination, mediaType: facts.mediaType)
        var image = Generation.Image(
            path: path, mediaType: facts.mediaType, size: facts.size, byteCount: byteCount, source: source)
        image.conversionFailure = failure
        return image
    }

    /// An image in the format of an extension.
    /// - Throws: `CancellationError`.
    private func converted(
        _ temporary: ImagePublisher.Temporary, to wanted: String
    ) async throws -> Result<ConvertedImage, GenerationError> {
        guard let converter else {
            return .failure(GenerationError(.wrongFormat, "cannot be converted here"))
        }
        do {
            return .success(try await converter(temporary.path, wanted))
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as GenerationError {
            return .failure(error)
        } catch {
            return .failure(GenerationError(.wrongFormat, "cannot be converted: \(error)", cause: error))
        }
    }

    private func check(_ path: FilePath) async throws -> (ImageFacts, Int) {
        let (kind, byteCount) = try Self.look(path)
        // The checker knows best about everything else.
        let isNoImage = [ContentSignature.json, .html, .svg, .text, .gzip, .empty].contains(kind)
        guard !isNoImage else {
            throw GenerationError(
                .badImage, "the result is no image but \(Self.name(kind)) (\(byteCount) bytes)")
        }
        do {
            return (try await checker(path), byteCount)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw GenerationError(
                .badImage,
                "the result is \(Self.name(kind)) (\(byteCount) bytes), but damaged: \(error)",
                cause: error)
        }
    }

    private static func name(_ kind: ContentSignature) -> String {
        if kind == .empty { return "nothing" }
        if kind == .svg { return "a drawing in SVG" }
        return kind.imageMediaType.map { "an image (\($0))" } ?? kind.description
    }

    private static func look(_ path: FilePath) throws(GenerationError) -> (ContentSignature, Int) {
        do throws(HTTPError) {
            let file = try BodyFile(path)
            return (ContentSignature(try file.bytes(at: 0, count: ContentSignature.byteCount)), file.byteCount)
        } catch {
            throw GenerationError(.outputFailed, "the image cannot be read back: \(error.message)", cause: error)
        }
    }

    /// The delivered images that are still in their places.
    func present(_ images: [Generation.Image]) async throws -> [Generation.Image] {
        if images.isEmpty { return [] }
        return try await threads.runToEnd { [publisher] in
            images.filter { publisher.isThere($0.path, byteCount: $0.byteCount) }
        }
    }

    // MARK: Fetching

    /// - Returns: Whether it came in more than one part.
    private func fetch(
        _ original: ClientRequest, into temporary: ImagePublisher.Temporary,
        _ onProgress: (@Sendable (Int, Int?) -> Void)?
    ) async throws -> Bool {
        var progress = DownloadProgress(policy: policy)
        while true {
            var request = original
            if progress.offset > 0 {
                request.headerFields[.range] = "bytes=\(progress.offset)-"
                if let validator = progress.validator { request.headerFields[.ifRange] = validator }
            }
            if let onProgress {
                let offset = progress.offset
                request.onProgress = { onProgress($0.bytesReceived + offset, $0.bytesToReceive.map { $0 + offset }) }
            }
            let hint: Duration?
            let failure: GenerationError
            var isMissing = false
            do {
                // The permissions of any new file: the image keeps them.
                let file = try ResponseFile(temporary.path, permissions: 0o666)
                let response = try await client.send(
                    request, into: .file(file, offset: progress.offset, maximum: byteLimit))
                if response.isSuccess {
                    let total =
                        (response.attempts.last?.bytesReceived ?? 0) + (response.status == 206 ? progress.offset : 0)
                    guard total <= byteLimit else { throw tooLarge() }
                    return progress.wasResumed && response.status == 206
                }
                isMissing = response.status == 404
                failure = try self.failure(response)
                hint = WaitHint.read(response.headerFields, body: response.body, now: environment.wallClock())
                progress.failed(response.status.code)
            } catch let error as HTTPError {
                failure = try Self.failure(error)
                hint = nil
                progress.broke(error)
            }
            do {
                try await wait(&progress, failure, hint, deadline: original.clocks.deadline)
            } catch let error as GenerationError where isMissing {
                throw ExpiredAddress(error: error)
            }
        }
    }

    private func wait(
        _ progress: inout DownloadProgress, _ failure: GenerationError, _ hint: Duration?,
        deadline: ContinuousClock.Instant?
    ) async throws {
        var failure = failure
        failure.retryAfter = hint
        if let hint { failure.message += "; it asks for a wait of \(Int((hint / .seconds(1)).rounded(.up))) s" }
        guard let wait = progress.wait(hint: hint, random: environment.random()) else { throw failure }
        if let deadline, ContinuousClock.now + wait >= deadline { throw failure }
        try await environment.sleep(wait)
    }

    /// The failure, where another attempt may help.
    /// - Throws: The failure, where no attempt would.
    private func failure(_ response: ClientResponse) throws -> GenerationError {
        let where_ = response.url.authority
        var error = GenerationError(
            .downloadFailed, "\(where_) responded with status \(response.status.code) instead of the image",
            status: response.status.code)
        error.requestID = response.requestID
        switch response.status.code {
        case 401, 403, 410: throw ExpiredAddress(error: error)
        // A result may not have reached the host of its address yet.
        case 404, 408, 416, 425, 429, 500...599: return error
        default: throw error
        }
    }

    private func tooLarge() -> GenerationError {
        GenerationError(.downloadFailed, "the image has more than \(byteLimit) bytes; allow more if that is right")
    }

    private static func failure(_ error: HTTPError) throws -> GenerationError {
        switch error.code {
        case .sinkFailed: throw GenerationError(.outputFailed, error.message, cause: error)
        case .cannotResolve, .cannotConnect, .connectTimedOut, .tlsFailed, .connectionLost, .responseCut, .stalled,
            .attemptTimedOut, .transportFailed, .malformedResponse:
            return GenerationError(.downloadFailed, "the image did not come: \(error.message)", cause: error)
        default: throw GenerationError(.downloadFailed, "the image cannot be fetched: \(error.message)", cause: error)
        }
    }
}

/// A result's address does not work any more, or not for us: the provider may have a new one.
struct ExpiredAddress: Error, Sendable {
    /// The error when it has none.
    var error: GenerationError
}
