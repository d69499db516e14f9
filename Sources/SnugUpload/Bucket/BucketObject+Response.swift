// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

extension BucketObject {
    /// The object that a response to HEAD or GET describes.
    /// - Parameter now: Seconds since 1970, for a server that tells no date.
    /// - Throws: `server_misbehaved` without a length or a time.
    init(key: String, _ response: ClientResponse, now: Int) throws(BucketError) {
        let fields = response.headerFields
        guard let length = fields.integer(.contentLength), length >= 0,
            let modified = fields[.lastModified].flatMap(HTTPDate.parse)
        else {
            throw BucketError(
                .misbehaved,
                "\(response.url.authority) tells neither length nor time of \(key); check that it speaks S3",
                status: response.status.code)
        }
        self.init(
            key: key, byteCount: length, age: .seconds(max(0, response.serverTime(now) - modified)),
            etag: fields[.eTag])
    }
}

extension ClientResponse {
    /// Seconds since 1970 by the server's clock, or by this machine's when it tells none.
    func serverTime(_ now: Int) -> Int { headerFields[.date].flatMap(HTTPDate.parse) ?? now }
}
