// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import SnugHTTP

extension Uploader {
    /// Detects the upload protocol of an address with one `OPTIONS` request.
    ///
    /// If the server gives no hint, an address that ends in a slash takes a form, any other a PUT.
    /// - Throws: `UploadError` when the server cannot be reached.
    public func detectProtocol(of url: HTTPURL, headers: HTTPFields = [:]) async throws -> UploadProtocol {
        let response: ClientResponse
        do {
            response = try await client.perform(ClientRequest(.options, url, headerFields: headers))
        } catch let error as HTTPError {
            throw UploadError(
                .notSupported, "cannot detect the upload protocol of \(url): \(error.message)", cause: error)
        }
        return Self.protocolNamed(by: response, url)
    }

    static func protocolNamed(by response: ClientResponse, _ url: HTTPURL) -> UploadProtocol {
        if response.headerFields[.tusVersion] != nil || response.headerFields[.tusResumable] != nil { return .tus }
        if response.headerFields[.uploadLimit] != nil { return .resumable }
        return url.path.hasSuffix("/") ? .form : .put
    }
}
