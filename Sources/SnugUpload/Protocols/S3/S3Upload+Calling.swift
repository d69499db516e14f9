// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem
internal import Synchronization

// One call, repeated until it ends.
extension S3Upload {
    /// Some servers send another checksum, of another length, under this name.
    static func checksum(_ response: ClientResponse) -> String? {
        response.headerFields[.amazonChecksumCRC64].flatMap { $0.utf8.count == 12 ? $0 : nil }
    }

    static func hash(_ bytes: [UInt8]) -> String {
        MessageDigest.sha256(bytes).hexadecimal
    }

    /// Repeats a request until it succeeds or fails for good; each attempt has its own signature.
    func call(
        _ method: HTTPRequest.Method, at place: HTTPURL? = nil, query: String? = nil, headers: HTTPFields = [:],
        body: HTTPBody? = nil,
        payloadHash: String? = nil, slot: Int = 0, attempts: Int? = nil, needsWholeResponse: Bool = true
    ) async throws -> ClientResponse {
        let base = place ?? object
        let url = try query.map { query throws(HTTPError) in try base.appending(query: query) } ?? base
        var failures = 0
        var skew = 0
        while true {
            let bytesBefore = job.tally.withLock { $0.confirmed }
            let signed = try signer.sign(
                method, url, headers: headers, payloadHash: payloadHash ?? Self.hash([]),
                now: job.environment.wallClock() + skew)
            let exchange = try await job.exchange(
                method, url, signed, body: body, slot: slot, cap: 4 << 20, needsWholeResponse: needsWholeResponse)
            let outcome = S3Outcome(exchange, now: job.environment.wallClock())
            switch outcome {
            case .success(let response): return response
            case .fail(let error): throw error
            case .partsDisagree(let error): throw PartsDisagree(error: error)
            case .clock(let seconds) where skew == 0: skew = seconds
            case .clock:
                throw UploadError(.credentialsRefused, "the clock of this machine is wrong; set it", status: 403)
            case .again(let hint, let throttled):
                failures = job.tally.withLock { $0.confirmed } > bytesBefore ? 1 : failures + 1
                job.tally.withLock { $0.retries += 1 }
                guard failures < (attempts ?? job.rules.attemptsWithoutProgress) else {
                    throw exchange.error(.retries, at: job.tally.withLock { $0.confirmed })
                }
                let wait = hint ?? job.rules.delay(failures, job.environment.random(), throttled: throttled)
                guard wait <= job.rules.longestWait else {
                    throw exchange.error(.waitTooLong, at: job.tally.withLock { $0.confirmed })
                }
                try await job.wait(wait)
            }
        }
    }
}
