// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes

extension ClientRequest {
    /// The request that a redirect asks for; `nil` when the response is no redirect.
    /// - Throws: `redirect_refused` when following it would disclose something.
    func redirected(by response: ClientResponse) throws(HTTPError) -> ClientRequest? {
        guard [301, 302, 303, 307, 308].contains(response.status), let location = response.headerFields[.location]
        else { return nil }
        let target = try url.resolving(location)
        var next = self
        next.url = target
        let keepsMethod = response.status == 307 || response.status == 308 || method == .get || method == .head
        if !keepsMethod {
            // RFC 9110 §15.4: the result of the request is to be fetched from there.
            next.method = .get
            next.body = nil
            next.headerFields[.contentType] = nil
        }
        guard target.origin != url.origin else { return next }
        guard target.scheme == "https" || url.scheme == "http" else {
            throw refusal(response, "from https to plain http")
        }
        guard next.body == nil else { throw refusal(response, "a request body to another server") }
        next.headerFields = headerFields.keptAcrossOrigins
        if addressPolicy == .originOnly { next.addressPolicy = .publicOnly }
        return next
    }

    /// The request to repeat when the server does not understand `Expect`; `nil` when it does.
    ///
    /// RFC 9110 §10.1.1: the server has refused the request because of that field, before the body was sent.
    func withoutExpectation(after status: HTTPResponse.Status, asked: Bool) -> ClientRequest? {
        guard status == 417, asked else { return nil }
        var next = self
        next.expectsContinue = false
        return next
    }

    private func refusal(_ response: ClientResponse, _ what: String) -> HTTPError {
        HTTPError(
            .redirectRefused,
            "the server redirects \(what), which is not followed; use the final address if it is right",
            outcome: .responded, response: response, attempts: response.attempts)
    }
}
