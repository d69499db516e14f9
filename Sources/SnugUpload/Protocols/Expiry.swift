// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

/// The time at which a server forgets an upload, in seconds since 1970 by this machine's clock.
extension UploadJob {
    /// The date in tus' `Upload-Expires`.
    func expiryDate(_ headers: HTTPFields) -> Int? {
        guard let date = headers[.uploadExpires].flatMap(HTTPDate.parse) else { return nil }
        let now = environment.wallClock()
        // The server's clock may differ.
        return date - (headers[.date].flatMap(HTTPDate.parse) ?? now) + now
    }

    /// The seconds left in the draft's `Upload-Limit`: `max-age`, which was `expires` before.
    func expiryAge(_ headers: HTTPFields) -> Int? {
        let left = DraftDialect.limit("max-age", in: headers) ?? DraftDialect.limit("expires", in: headers)
        return left.map { environment.wallClock() + min(max(0, $0), 1 << 40) }
    }
}

extension UploadRecord {
    /// True when the upload cannot be resumed. An upload that may be complete does not expire: it is asked about.
    func isExpired(now: Int) -> Bool {
        guard let expires, pieces == nil, !sentEverything || lacksBytes == true else { return false }
        return expires <= now
    }
}
