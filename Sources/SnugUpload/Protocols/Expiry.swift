// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// When a server forgets an upload, in seconds since 1970 by this machine's clock.
extension UploadJob {
    /// The date in tus' `Upload-Expires`.
    func expiryDate(_ headers: HTTPFields) -> Int? {
        guard let date = headers[.uploadExpires].flatMap(HTTPDate.parse) else { return nil }
        let now = environment.wallClock()
        // The server's clock may be another.
        return date - (headers[.date].flatMap(HTTPDate.parse) ?? now) + now
    }

    /// The seconds left in the draft's `Upload-Limit`: `max-age`, which was `expires` before.
    func expiryAge(_ headers: HTTPFields) -> Int? {
        let left = DraftDialect.limit("max-age", in: headers) ?? DraftDialect.limit("expires", in: headers)
        return left.map { environment.wallClock() + min(max(0, $0), 1 << 40) }
    }
}

extension UploadRecord {
    /// Whether there is nothing to go on with. What may be complete is asked for all the same: complete and forgotten is
    /// not expired.
    func isExpired(now: Int) -> Bool {
        guard let expires, pieces == nil, !sentEverything else { return false }
        return expires <= now
    }
}
