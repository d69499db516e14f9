// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension BucketClient {
    /// Pages after which a list of uploads counts as endless: a million uploads.
    private static let maximumUploadPages = 1000

    /// A page of the uploads in parts that have not ended, of keys that begin with a text.
    ///
    /// A server whose list repeats a page or never ends is refused.
    /// - Parameters:
    ///   - prefix: The beginning of the keys; empty for all. Uploads of other keys are left out, whatever the server lists.
    ///   - continuation: ``BucketUploadPage/next`` of the page before.
    ///   - limit: Uploads at most, 1,000 or fewer.
    /// - Throws: ``BucketError``, `unsupported` at a server that has no such list among them; `CancellationError`.
    public func unfinishedUploads(
        prefix: String = "", continuation: BucketUploadPage.Continuation? = nil, limit: Int = 1000
    ) async throws -> BucketUploadPage {
        var items = ["max-uploads=\(min(max(limit, 1), 1000))", "prefix=\(SigV4.encoded(prefix))"]
        // A server may tell one of the two, and then takes that one only.
        if let marker = continuation?.idMarker { items.append("upload-id-marker=\(SigV4.encoded(marker))") }
        if let marker = continuation?.keyMarker { items.insert("key-marker=\(SigV4.encoded(marker))", at: 0) }
        let request = BucketRequest(.get, key: nil, query: (items + ["uploads="]).joined(separator: "&"))
        let response: ClientResponse
        do {
            response = try await call(request, maximumBody: Self.maximumPageBytes)
        } catch let error as BucketError where Self.meansUnsupported(error) {
            throw Self.unsupported(address, error)
        }
        var page = try uploads(response, after: continuation)
        page.uploads.removeAll { !$0.key.utf8.starts(with: prefix.utf8) }
        return page
    }

    /// Ends an upload, and removes its parts; one that is not there is no error.
    /// - Throws: ``BucketError``, `CancellationError`.
    public func abort(_ upload: BucketUpload) async throws {
        try Self.check(upload.key)
        do {
            _ = try await call(
                BucketRequest(.delete, key: upload.key, query: "uploadId=\(SigV4.encoded(upload.id))"))
        } catch let error as BucketError where error.code == .notFound {
            return
        }
    }

    /// True for the ways in which servers say that they know no such request.
    private static func meansUnsupported(_ error: BucketError) -> Bool {
        switch error.serverCode {
        case "NoSuchBucket": false
        case "NotImplemented", "MethodNotAllowed": true
        default: [404, 405, 501].contains(error.status)
        }
    }

    private static func unsupported(_ address: BucketAddress, _ cause: (any Error)?) -> BucketError {
        BucketError(
            .unsupported, "the server of \(address) lists no unfinished uploads; see to their removal there",
            status: (cause as? BucketError)?.status, cause: cause)
    }

    private func uploads(
        _ response: ClientResponse, after previous: BucketUploadPage.Continuation?
    ) throws(BucketError) -> BucketUploadPage {
        func misbehaved(_ fault: String) -> BucketError {
            BucketError(
                .misbehaved, "\(response.url.authority) sent \(fault); check that it speaks S3",
                status: response.status.code)
        }
        guard let root = XMLNode(parsing: response.body) else { throw misbehaved("no list of uploads") }
        // A server that overlooks what it does not know lists its objects.
        guard root.name != "ListBucketResult" else { throw Self.unsupported(address, nil) }
        guard root.name == "ListMultipartUploadsResult" else { throw misbehaved("no list of uploads") }
        let serverTime = response.serverTime(environment.wallClock())
        var page = BucketUploadPage(uploads: [], next: nil)
        for node in root.all("Upload") {
            guard let key = node["Key"]?.text, let id = node["UploadId"]?.text, !key.isEmpty, !id.isEmpty else {
                throw misbehaved("a list with an upload without name")
            }
            let begun = node["Initiated"].flatMap { S3Upload.seconds($0.text) }
            page.uploads.append(
                BucketUpload(key: key, id: id, age: begun.map { .seconds(max(0, serverTime - $0)) }))
        }
        guard root["IsTruncated"]?.text == "true" else { return page }
        func marker(_ name: String) -> String? { root[name].flatMap { $0.text.isEmpty ? nil : $0.text } }
        let next = BucketUploadPage.Continuation(
            keyMarker: marker("NextKeyMarker"), idMarker: marker("NextUploadIdMarker"), page: (previous?.page ?? 0) + 1)
        guard next.keyMarker != nil || next.idMarker != nil else {
            throw misbehaved("a part of a list without the way to the next")
        }
        guard next.keyMarker != previous?.keyMarker || next.idMarker != previous?.idMarker,
            next.page < Self.maximumUploadPages
        else { throw misbehaved("a list of uploads that has no end") }
        page.next = next
        return page
    }
}
