// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
public import Logging
public import SnugHTTP
internal import SnugSystem
internal import Synchronization

/// The objects of a bucket at a server that speaks S3: stored, fetched, listed and removed.
///
/// Every call is repeated within the bounds of ``BucketOptions/retry`` until the server does what is asked or refuses for
/// good. Calls may run at the same time. Share one client for all calls to a bucket.
public final class BucketClient: Sendable {
    /// The bucket.
    public let address: BucketAddress
    let client: HTTPClient
    let settings: S3Settings
    let options: BucketOptions
    let logger: Logger
    let environment: RetryEnvironment
    let threads = BlockingThreads(count: 8)
    private let scrubber: Scrubber
    /// The region that requests are signed for: another than the settings' once the server has named it.
    private let knownRegion: Mutex<String>
    /// False once the server has refused a checksum of its own kind.
    let takesChecksums = Mutex(true)

    /// - Parameters:
    ///   - address: The bucket.
    ///   - settings: Keys and region.
    ///   - client: The HTTP client.
    ///   - options: Retries, sizes and time limits.
    ///   - logger: Receives events that appear in no result or error.
    public convenience init(
        _ address: BucketAddress, settings: S3Settings, client: HTTPClient, options: BucketOptions = BucketOptions(),
        logger: Logger
    ) {
        self.init(
            address, settings: settings, client: client, options: options, logger: logger,
            environment: RetryEnvironment())
    }

    package init(
        _ address: BucketAddress, settings: S3Settings, client: HTTPClient, options: BucketOptions, logger: Logger,
        environment: RetryEnvironment
    ) {
        self.address = address
        self.settings = settings
        self.client = client
        self.options = options
        self.logger = logger
        self.environment = environment
        scrubber = Scrubber([settings.secretKey, settings.sessionToken].compactMap(\.self))
        knownRegion = Mutex(settings.region)
    }

    var region: String { knownRegion.withLock { $0 } }

    /// The keys, for the region in use.
    var regionalSettings: S3Settings {
        var settings = settings
        settings.region = region
        return settings
    }

    /// The facts of an object; `nil` when there is none.
    /// - Throws: ``BucketError``, `CancellationError`.
    public func head(_ key: String) async throws -> BucketObject? {
        try Self.check(key)
        do {
            let response = try await call(BucketRequest(.head, key: key))
            return try BucketObject(key: key, response, now: environment.wallClock())
        } catch let error as BucketError where error.code == .notFound {
            return nil
        }
    }

    /// Removes an object; one that is not there is no error.
    /// - Throws: ``BucketError``, `CancellationError`.
    public func delete(_ key: String) async throws {
        try Self.check(key)
        do {
            _ = try await call(BucketRequest(.delete, key: key))
        } catch let error as BucketError where error.code == .notFound {
            return
        }
    }

    static func check(_ key: String) throws(BucketError) {
        guard (1...1024).contains(key.utf8.count) else {
            throw BucketError(
                .invalidAddress, "the name of an object has 1 to 1,024 bytes, and this one \(key.utf8.count)")
        }
    }

    // MARK: Calling

    /// Sends a request until it succeeds or fails for good.
    func call(_ request: BucketRequest, maximumBody: Int = 1 << 20) async throws -> ClientResponse {
        var retries = BucketRetries(options.retry, environment)
        while true {
            let signed = try signed(request, retries)
            let exchange: UploadJob.Exchange
            do {
                exchange = .responded(try await client.send(signed, into: .collect(maximum: maximumBody)))
            } catch let error as HTTPError {
                exchange = .failure(error)
            }
            if let response = try await settle(exchange, request, &retries) { return response }
        }
    }

    /// A request with the signature of this attempt.
    func signed(_ request: BucketRequest, _ retries: BucketRetries) throws(BucketError) -> ClientRequest {
        let settings = regionalSettings
        do {
            var url = try address.url(of: request.key, region: settings.region)
            if let query = request.query { url = try url.appending(query: query) }
            let fields = try SigV4(settings: settings).sign(
                request.method, url, headers: request.headers,
                payloadHash: request.payloadHash ?? S3Upload.hash([]), now: environment.wallClock() + retries.skew)
            var signed = ClientRequest(request.method, url, headerFields: fields, body: request.body)
            let hasData = request.body != nil || request.bringsData
            signed.clocks = ClientRequest.Clocks(
                attemptTimeout: hasData ? options.attemptTimeout : options.shortTimeout,
                stallTimeout: options.stallTimeout)
            signed.bandwidthLimiter = hasData ? options.bandwidthLimiter : nil
            return signed
        } catch let error as BucketError {
            throw error
        } catch {
            throw BucketError(.invalidAddress, (error as? HTTPError)?.message ?? "\(error)", cause: error)
        }
    }

    /// The response of a success; `nil` after the wait before the next attempt.
    /// - Throws: ``BucketError`` when there is no next attempt; `CancellationError`.
    func settle(
        _ exchange: UploadJob.Exchange, _ request: BucketRequest, _ retries: inout BucketRetries
    ) async throws -> ClientResponse? {
        let exchange = exchange.cleaned(by: scrubber)
        if case .failure(let error) = exchange, error.code == .bodyFailed {
            throw BucketError(.fileFailed, error.message, cause: error)
        }
        if let region = exchange.response.flatMap(Self.namedRegion), region != self.region, retries.mayMove {
            retries.mayMove = false
            logger.info("the bucket is in another region", metadata: ["region": "\(region)"])
            knownRegion.withLock { $0 = region }
            return nil
        }
        switch S3Outcome(exchange, now: environment.wallClock()) {
        case .success(let response): return response
        case .clock(let seconds) where retries.skew == 0 && seconds != 0: retries.skew = seconds
        case .clock:
            throw BucketError(
                .credentialsRefused, "\(exchange.words); the clock of this machine is wrong; set it", status: 403)
        case .fail(let error), .partsDisagree(let error): throw Self.failure(exchange, request, error)
        case .again(let hint, let throttled):
            let wait = try retries.wait(hint: hint, throttled: throttled, after: exchange)
            try await environment.sleep(wait)
        }
        return nil
    }

    private static func failure(
        _ exchange: UploadJob.Exchange, _ request: BucketRequest, _ error: UploadError
    ) -> BucketError {
        let status = exchange.response?.status.code
        let code = exchange.response.flatMap { S3ResponseBody($0.body)["Code"] }
        func made(_ kind: BucketError.Code, _ advice: String) -> BucketError {
            var made = BucketError(
                kind, "\(exchange.words); \(advice)", status: status, cause: error.cause ?? error)
            made.serverCode = code
            return made
        }
        if code == "NoSuchBucket" || (status == 404 && request.key == nil) {
            return made(.noBucket, "there is no such bucket at this server; create it, or correct its name")
        }
        if let target = exchange.response?.redirectTarget {
            return made(.refused, "the bucket is at \(target); name that server as the endpoint if it is right")
        }
        switch status {
        case 404: return made(.notFound, "the object is not there")
        case 401, 403:
            return made(
                .credentialsRefused, "check the keys, and that they may read, write, list and delete in the bucket")
        case 412: return made(.refused, "another object is there")
        default: break
        }
        if case .failure(let failure) = exchange {
            return made(
                ResponseClass(failure) == .definite ? .refused : .unavailable, "check the address of the server")
        }
        return made(.refused, "the server refuses the request")
    }

    /// The region that a response names when a request was signed for another one.
    private static func namedRegion(_ response: ClientResponse) -> String? {
        guard !response.isSuccess else { return nil }
        let body = S3ResponseBody(response.body)
        let isAboutRegion =
            [301, 307, 400].contains(response.status.code)
            && (response.headerFields[.amazonBucketRegion] != nil || body["Code"] == "AuthorizationHeaderMalformed")
        guard isAboutRegion, let region = response.headerFields[.amazonBucketRegion] ?? body["Region"],
            (1...32).contains(region.utf8.count),
            region.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
        else { return nil }
        return region
    }
}
