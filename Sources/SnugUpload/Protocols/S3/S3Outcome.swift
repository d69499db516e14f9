// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

/// The meaning of an S3 response. S3 reports transient failures with 400 and failures with 200, so the body decides.
enum S3Outcome {
    case success(ClientResponse)
    case again(hint: Duration?, throttled: Bool)
    /// The date of the signature is wrong by this number of seconds.
    case clock(Int)
    /// The list of parts differs from the server's: parts are missing, or the list was damaged on the way.
    case partsDisagree(UploadError)
    case fail(UploadError)

    init(_ exchange: UploadJob.Exchange, now: Int) {
        switch exchange {
        case .failure(let error) where ResponseClass(error) != .definite: self = .again(hint: nil, throttled: false)
        case .failure: self = .fail(exchange.error(.refused, at: 0))
        case .responded(let response):
            let code = S3ResponseBody(response.body)["Code"]
            if response.isSuccess,
                code == nil || !S3ResponseBody(response.body).all("Error").contains(where: { $0["Code"] != nil })
            {
                self = .success(response)
            } else {
                self = Self.judge(response, code ?? "", exchange, now)
            }
        }
    }

    private static func judge(
        _ response: ClientResponse, _ code: String, _ exchange: UploadJob.Exchange, _ now: Int
    ) -> S3Outcome {
        let hint = WaitHint.read(response.headerFields, body: [], now: now)
        switch code {
        case "RequestTimeout", "InternalError", "ConditionalRequestConflict", "OperationAborted":
            return .again(hint: hint, throttled: false)
        // The request was correct, so it was damaged on the way. S3 parses some bodies before it hashes them
        // (MalformedXML).
        case "BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest", "IncompleteBody",
            "MalformedXML":
            return .again(hint: hint, throttled: false)
        case "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
            return .partsDisagree(exchange.error(.refused, at: 0))
        case "SlowDown", "ServiceUnavailable": return .again(hint: hint, throttled: true)
        case "RequestTimeTooSkewed":
            return .clock((response.headerFields[.date].flatMap(HTTPDate.parse) ?? now) - now)
        case "ExpiredToken", "TokenRefreshRequired", "InvalidToken", "InvalidAccessKeyId":
            return .fail(
                UploadError(
                    .credentialsRefused, "\(exchange.words); renew the credentials", status: response.status.code))
        case "PermanentRedirect", "AuthorizationHeaderMalformed":
            guard let region = response.headerFields[.amazonBucketRegion] ?? S3ResponseBody(response.body)["Region"]
            else { return .fail(exchange.error(.refused, at: 0)) }
            return .fail(
                UploadError(
                    .refused, "\(exchange.words); the bucket is in the region \(Scrubber().clean(region, limit: 40))",
                    status: response.status.code))
        // Also within a success.
        case "AccessDenied", "SignatureDoesNotMatch", "AccountProblem", "InvalidRequest", "InvalidArgument":
            return .fail(exchange.error(.refused, at: 0))
        case "NoSuchBucket":
            return .fail(
                UploadError(.refused, "\(exchange.words); check the name of the bucket", status: response.status.code))
        default: break
        }
        switch ResponseClass(status: response.status) {
        // A success with an error in it.
        case .success: return .again(hint: hint, throttled: false)
        case .transient, .unknown:
            return .again(hint: hint, throttled: ResponseClass.asksToSlowDown(response.status))
        case .definite where response.status == 404: return .fail(exchange.error(.gone, at: 0))
        case .definite where response.status == 413: return .fail(exchange.error(.tooLarge, at: 0))
        case .definite: return .fail(exchange.error(.refused, at: 0))
        }
    }
}
