// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension BucketClient {
    /// Bytes of a page: 1,000 keys of 1,024 bytes, each byte written as three, and what stands around them.
    static let maximumPageBytes = 8 << 20
    /// Pages without an object after which a list counts as endless.
    private static let maximumEmptyPages = 100

    /// A page of the objects whose keys begin with a text, in the order of the keys' bytes.
    ///
    /// A server whose list runs backwards, repeats itself or never ends is refused.
    /// - Parameters:
    ///   - prefix: The beginning of the keys; empty for all.
    ///   - after: Only keys after this one.
    ///   - continuation: ``BucketPage/next`` of the page before.
    ///   - limit: Objects at most, 1,000 or fewer.
    /// - Throws: ``BucketError``, `CancellationError`.
    public func list(
        prefix: String = "", after: String? = nil, continuation: BucketPage.Continuation? = nil, limit: Int = 1000
    ) async throws -> BucketPage {
        var items = [
            "encoding-type=url", "list-type=2", "max-keys=\(min(max(limit, 1), 1000))",
            "prefix=\(SigV4.encoded(prefix))",
        ]
        if let continuation {
            items.insert("continuation-token=\(SigV4.encoded(continuation.token))", at: 0)
        } else if let after {
            items.append("start-after=\(SigV4.encoded(after))")
        }
        let request = BucketRequest(.get, key: nil, query: items.joined(separator: "&"))
        let response = try await call(request, maximumBody: Self.maximumPageBytes)
        let page = try Self.page(response, now: environment.wallClock())
        return try Self.checked(page, prefix: prefix, after: continuation?.lastKey ?? after, continuation)
    }

    private static func page(_ response: ClientResponse, now: Int) throws(BucketError) -> BucketPage {
        func misbehaved(_ fault: String) -> BucketError {
            BucketError(
                .misbehaved, "\(response.url.authority) sent \(fault); check that it speaks S3",
                status: response.status.code)
        }
        guard let root = XMLNode(parsing: response.body), root.name == "ListBucketResult" else {
            throw misbehaved("no list of objects")
        }
        let isEncoded = root["EncodingType"]?.text == "url"
        let serverTime = response.serverTime(now)
        var page = BucketPage(objects: [], next: nil)
        for node in root.all("Contents") {
            guard let text = node["Key"]?.text, let size = node["Size"].flatMap({ Int($0.text) }), size >= 0,
                let stored = node["LastModified"].flatMap({ S3Upload.seconds($0.text) })
            else { throw misbehaved("a list with an object without name, size or time") }
            // Some servers write a blank as a plus sign, and every server writes a plus sign as %2B.
            let key = isEncoded ? SigV4.decoded(text.replacing("+", with: " ")) : text
            page.objects.append(
                BucketObject(
                    key: key, byteCount: size, age: .seconds(max(0, serverTime - stored)), etag: node["ETag"]?.text))
        }
        if root["IsTruncated"]?.text == "true" {
            guard let token = root["NextContinuationToken"]?.text, !token.isEmpty else {
                throw misbehaved("a part of a list without the way to the next")
            }
            page.next = BucketPage.Continuation(token: token, lastKey: page.objects.last?.key, emptyPages: 0)
        }
        return page
    }

    /// The page, which has to be ahead of the one before it.
    private static func checked(
        _ page: BucketPage, prefix: String, after: String?, _ previous: BucketPage.Continuation?
    ) throws(BucketError) -> BucketPage {
        var page = page
        var last = after
        for object in page.objects {
            guard object.key.utf8.starts(with: prefix.utf8) else {
                throw BucketError(.misbehaved, "the server lists '\(object.key.prefix(80))', which was not asked for")
            }
            if let last, !last.utf8.lexicographicallyPrecedes(object.key.utf8) {
                throw BucketError(
                    .misbehaved, "the server lists objects that are not in the order of their names, or the same again")
            }
            last = object.key
        }
        guard var next = page.next else { return page }
        next.lastKey = last
        next.emptyPages = page.objects.isEmpty ? (previous?.emptyPages ?? 0) + 1 : 0
        guard next.token != previous?.token, next.emptyPages < maximumEmptyPages else {
            throw BucketError(.misbehaved, "the server's list has no end: it repeats a page, or sends empty ones")
        }
        page.next = next
        return page
    }
}
