// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import SnugHTTP

extension Uploader {
    /// Detects the upload protocol of an address with one `OPTIONS` request.
    ///
    /// tus and the IETF draft announce themselves, WebDAV takes a PUT, and `Allow` may leave one of PUT and POST only. If
    /// the server gives no hint, an address that ends in a slash takes a form, any other a PUT.
    /// - Throws: `UploadError` when the server cannot be reached.
    public func detectProtocol(of url: HTTPURL, headers: HTTPFields = [:]) async throws -> UploadProtocol {
        let response: ClientResponse
        do {
            var fields = headers
            // Servers of the draft tell their limits to those who name its version.
            if fields[.uploadDraftInteropVersion] == nil { fields[.uploadDraftInteropVersion] = "6" }
            response = try await client.perform(ClientRequest(.options, url, headerFields: fields))
        } catch let error as HTTPError {
            throw UploadError(
                .notSupported, "cannot detect the upload protocol: \(error.message)", cause: error)
        }
        return Self.protocolNamed(by: response, url)
    }

    static func protocolNamed(by response: ClientResponse, _ url: HTTPURL) -> UploadProtocol {
        if response.headerFields[.tusVersion] != nil || response.headerFields[.tusResumable] != nil { return .tus }
        let fields = response.headerFields
        if fields[.uploadLimit] != nil || fields[.uploadDraftInteropVersion] != nil { return .resumable }
        // WebDAV (RFC 4918 §10.1) stores by PUT, also below a collection.
        if response.isSuccess, fields[.dav] != nil { return .put }
        let allowed = (fields[.allow] ?? "").split(separator: ",")
        let methods = Set(allowed.map { name in String(name.filter { $0 != " " }) })
        if response.isSuccess, methods.contains("PUT") != methods.contains("POST") {
            return methods.contains("PUT") ? .put : .form
        }
        return url.path.hasSuffix("/") ? .form : .put
    }
}
