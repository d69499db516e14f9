// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

extension Uploader {
    /// Finds out how an address wants to be spoken to, by one `OPTIONS`.
    ///
    /// Where the server says nothing, an address that ends in a slash takes forms and any other one a PUT.
    /// - Throws: `UploadError` when the server cannot be reached.
    public func detectProtocol(of url: HTTPURL, headers: HTTPHeaders = [:]) async throws -> UploadProtocol {
        let response: HTTPResponse
        do {
            response = try await client.perform(HTTPRequest("OPTIONS", url, headers: headers))
        } catch let error as HTTPError {
            throw UploadError(.notSupported, "cannot ask \(url) what it speaks: \(error.message)", cause: error)
        }
        return Self.protocolNamed(by: response, url)
    }

    static func protocolNamed(by response: HTTPResponse, _ url: HTTPURL) -> UploadProtocol {
        if response.headers["Tus-Version"] != nil || response.headers["Tus-Resumable"] != nil { return .tus }
        if response.headers["Upload-Limit"] != nil { return .resumable }
        return url.path.hasSuffix("/") ? .form : .put
    }
}
