// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import SnugHTTP

/// An address that takes uploads, and its upload protocol.
public struct UploadEndpoint: Sendable, Hashable {
    /// The address, which is another one where the server redirects to it.
    public var url: HTTPURL
    /// The upload protocol.
    public var uploadProtocol: UploadProtocol
    /// True when nobody has named the protocol, neither the server nor its user.
    public var isGuess: Bool

    /// Names an address.
    public init(url: HTTPURL, uploadProtocol: UploadProtocol, isGuess: Bool = false) {
        self.url = url
        self.uploadProtocol = uploadProtocol
        self.isGuess = isGuess
    }
}

extension Uploader {
    private static let maximumRedirects = 3

    /// Detects the upload protocol of an address with one `OPTIONS` request.
    ///
    /// tus and the IETF draft announce themselves, WebDAV takes a PUT, and `Allow` may leave one of PUT and POST only. If
    /// the server gives no hint, an address that ends in a slash takes a form, any other a PUT.
    /// - Throws: `UploadError` when the server cannot be reached.
    public func detectProtocol(of url: HTTPURL, headers: HTTPFields = [:]) async throws -> UploadProtocol {
        try await detectEndpoint(at: url, headers: headers).uploadProtocol
    }

    /// Detects the upload protocol of an address, and its final form: many servers redirect `/files` to `/files/`.
    ///
    /// Redirects are followed within the server only, and to an address that announces its protocol.
    /// - Parameters:
    ///   - url: The address.
    ///   - headers: Header fields for every request.
    ///   - options: Those of the uploads that follow: their deadline, their time and attempts for a request.
    /// - Throws: `UploadError` when the server cannot be reached, or shows a web page where a form would be guessed.
    public func detectEndpoint(
        at url: HTTPURL, headers: HTTPFields = [:], options: UploadOptions = UploadOptions()
    ) async throws -> UploadEndpoint {
        let first = try await question(url, headers, options)
        var response = first
        for _ in 0..<Self.maximumRedirects {
            if let announced = Self.announcedProtocol(by: response) {
                return UploadEndpoint(url: response.url, uploadProtocol: announced)
            }
            guard let target = response.sameOriginRedirect else { break }
            response = try await question(target, headers, options)
        }
        let guess = Self.protocolNamed(by: first, url)
        // A form is posted once only, and the page that would follow it tells nothing.
        guard guess != .form || !(response.isWebPage || response.pointsToPage) else {
            throw UploadError(
                .notSupported,
                "\(response.url.authority) responded to OPTIONS with \(response.status.code)\(response.shownPage), and "
                    + "announces no upload protocol: it seems to take no uploads at this address; check it, or name the "
                    + "protocol (form, put)",
                status: response.status.code)
        }
        return UploadEndpoint(url: url, uploadProtocol: guess, isGuess: true)
    }

    private func question(
        _ url: HTTPURL, _ headers: HTTPFields, _ options: UploadOptions
    ) async throws -> ClientResponse {
        do {
            var fields = headers
            // Servers of the draft tell their limits to those who name its version.
            if fields[.uploadDraftInteropVersion] == nil { fields[.uploadDraftInteropVersion] = "6" }
            var policy = options.retry
            policy.maximumAttempts = min(policy.maximumAttempts, max(1, options.attemptsWithoutProgress))
            let clocks = ClientRequest.Clocks(
                deadline: options.deadline, attemptTimeout: min(options.attemptTimeout, questionTimeout))
            return try await client.perform(
                ClientRequest(.options, url, headerFields: fields, clocks: clocks), policy: policy)
        } catch let error as HTTPError {
            // The head of the response tells all that is asked for.
            if let response = error.headOnlyResponse { return response }
            throw UploadError(
                .notSupported, "cannot detect the upload protocol: \(error.message)", cause: error)
        }
    }

    static func protocolNamed(by response: ClientResponse, _ url: HTTPURL) -> UploadProtocol {
        announcedProtocol(by: response) ?? (url.path.hasSuffix("/") ? .form : .put)
    }

    /// The protocol that a response names; `nil` when it gives no hint.
    private static func announcedProtocol(by response: ClientResponse) -> UploadProtocol? {
        let fields = response.headerFields
        if fields[.tusVersion] != nil || fields[.tusResumable] != nil { return .tus }
        if fields[.uploadLimit] != nil || fields[.uploadDraftInteropVersion] != nil { return .resumable }
        guard response.isSuccess else { return nil }
        // WebDAV (RFC 4918 §10.1) stores by PUT, also below a collection.
        if fields[.dav] != nil { return .put }
        let allowed = (fields[.allow] ?? "").split(separator: ",")
        let methods = Set(allowed.map { name in String(name.filter { $0 != " " }) })
        guard methods.contains("PUT") != methods.contains("POST") else { return nil }
        return methods.contains("PUT") ? .put : .form
    }
}

extension ClientResponse {
    /// The address that the server redirects to, on the same server.
    fileprivate var sameOriginRedirect: HTTPURL? {
        guard [301, 302, 307, 308].contains(status), let location = headerFields[.location],
            let target = try? url.resolving(location), target.origin == url.origin
        else { return nil }
        return target
    }
}
