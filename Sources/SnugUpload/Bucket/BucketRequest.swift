// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// A request to a bucket, signed again for each attempt.
struct BucketRequest: Sendable {
    var method: HTTPRequest.Method
    /// The object; `nil` for the bucket itself.
    var key: String?
    /// Percent-encoded.
    var query: String?
    var headers: HTTPFields = [:]
    var body: HTTPBody?
    /// SHA-256 of the body in hexadecimal.
    var payloadHash: String?
    /// True when the response carries an object.
    var bringsData = false

    init(_ method: HTTPRequest.Method, key: String?, query: String? = nil) {
        self.method = method
        self.key = key
        self.query = query
    }
}

extension UploadJob.Exchange {
    /// The exchange without the secrets that a server's error echoes.
    func cleaned(by scrubber: Scrubber) -> UploadJob.Exchange {
        switch self {
        case .responded(var response):
            // Lists and small objects stay as they are.
            if response.isSuccess, response.body.firstRange(of: Array("<Error".utf8)) == nil { return self }
            response.body = scrubber.hide(response.body)
            return .responded(response)
        case .failure(var error):
            if var response = error.response {
                response.body = scrubber.hide(response.body)
                error.response = response
            }
            return .failure(error)
        }
    }
}
