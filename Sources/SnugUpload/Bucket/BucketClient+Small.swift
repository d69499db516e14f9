// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension BucketClient {
    /// The bytes of a small object; `nil` when there is none.
    /// - Parameters:
    ///   - key: The name of the object.
    ///   - maximum: The most bytes that it may have.
    /// - Throws: ``BucketError``, `CancellationError`.
    public func read(_ key: String, maximum: Int) async throws -> [UInt8]? {
        try Self.check(key)
        do {
            return try await call(BucketRequest(.get, key: key), maximumBody: maximum).body
        } catch let error as BucketError where error.code == .notFound {
            return nil
        }
    }

    /// Stores some bytes as an object, where none is.
    ///
    /// Of several clients that do so at once, one succeeds. At a server that knows no conditional requests, all may, and the
    /// last one's bytes stay.
    /// - Returns: False when an object is there already.
    /// - Throws: ``BucketError``, `CancellationError`.
    @discardableResult
    public func create(_ bytes: [UInt8], as key: String) async throws -> Bool {
        try Self.check(key)
        var request = BucketRequest(.put, key: key)
        request.headers = [.contentType: "text/plain", .ifNoneMatch: "*"]
        request.body = HTTPBody(bytes: bytes)
        request.payloadHash = S3Upload.hash(bytes)
        do {
            _ = try await call(request)
            return true
        } catch let error as BucketError where error.status == 412 {
            return false
        } catch let error as BucketError where error.status == 400 || error.status == 501 {
            // A server that does not know conditional requests.
            if try await head(key) != nil { return false }
            request.headers[.ifNoneMatch] = nil
            _ = try await call(request)
            return true
        }
    }
}
