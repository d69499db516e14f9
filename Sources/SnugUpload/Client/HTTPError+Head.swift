// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension UploadError {
    /// True for trouble that began within the response of a success.
    var isLateFailure: Bool {
        guard let http = cause as? HTTPError else { return false }
        return http.headOnlyResponse?.isSuccess == true
    }
}

extension HTTPError {
    /// The final response of a request whose body became too large, broke off, or took too long.
    ///
    /// Its status is the server's word about the request. Trouble that begins later is not the upload's.
    var headOnlyResponse: ClientResponse? {
        let lateFailures: [Code] = [
            .responseTooLarge, .responseCut, .connectionLost, .stalled, .attemptTimedOut, .deadlineExceeded,
            .transportFailed,
        ]
        guard outcome == .responded, var response, lateFailures.contains(code) else { return nil }
        response.attempts = attempts
        return response
    }
}
