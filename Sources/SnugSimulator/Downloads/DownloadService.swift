// SPDX-License-Identifier: Apache-2.0

/// A storage host: public or signed URLs, ranges, and no patience with credentials that are not its own.
struct DownloadService: Service {
    let world: World

    func respond(to request: Request, plan: JobPlan) async -> Reply {
        guard request.method == "GET" || request.method == "HEAD" else { return refusal(405, "MethodNotAllowed") }
        // What S3 says to a signed URL that comes with a bearer token as well.
        if request.headers["Authorization"] != nil || request.value("key") != nil {
            return refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        }
        var segments = request.segments
        if segments.first == "redirect", segments.count > 2, let left = Int(segments[1]) {
            let rest = request.path.split(separator: "/").dropFirst(2).joined(separator: "/")
            let query = request.rawQuery.isEmpty ? "" : "?\(request.rawQuery)"
            let next = left > 1 ? "/redirect/\(left - 1)/\(rest)" : "/\(rest)"
            return Reply(302, ["Location": next + query], body: .bytes([]))
        }
        guard segments.count == 2, segments.removeFirst() == "generations", let name = segments.first,
            let file = world.files[name]
        else { return refusal(404, "NoSuchKey", "The specified key does not exist.") }
        if let expires = request.value("expires") {
            guard let expiry = Int(expires), request.value("signature") == FileStore.signature(name, expiry: expiry)
            else {
                return refusal(403, "SignatureDoesNotMatch")
            }
            guard world.clock.seconds < expiry else { return refusal(403, "AccessDenied", "Request has expired") }
        }
        return serve(file, request)
    }

    private func serve(_ file: FileStore.File, _ request: Request) -> Reply {
        let tag = "\"\(Digest.hexadecimal(file.bytes).prefix(32))\""
        var headers: Headers = ["Content-Type": file.contentType, "ETag": tag]
        headers["Accept-Ranges"] = file.acceptsRanges ? "bytes" : "none"
        let whole = Reply(200, headers, body: .bytes(file.bytes))
        // RFC 9110 §13.1.5: a changed validator makes the range void.
        // RFC 9110 §14.2: a range has a meaning for GET only.
        guard file.acceptsRanges, request.method == "GET", let asked = request.headers["Range"],
            request.headers["If-Range"] ?? tag == tag, let range = ByteRange(asked)
        else { return whole }
        guard let bytes = range.resolved(in: file.bytes.count) else {
            return refusal(416, "InvalidRange").adding(["Content-Range": "bytes */\(file.bytes.count)"])
        }
        let span = "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(file.bytes.count)"
        return Reply(206, headers, body: .bytes(Array(file.bytes[bytes]))).adding(["Content-Range": span])
    }

    private func refusal(_ status: Int, _ code: String, _ message: String = "") -> Reply {
        let body =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + "<Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
        return Reply(status, text: body, contentType: "application/xml")
    }

    func failure(_ status: Int, _ request: Request) -> Reply? {
        let codes = [403: "AccessDenied", 404: "NoSuchKey", 500: "InternalError", 503: "SlowDown"]
        return codes[status].map { refusal(status, $0) }
    }

    func failure(named code: String, _ request: Request) -> Reply? { refusal(403, code) }

    func failure(_ status: Int, message: String) -> Reply { refusal(status, "Error", message) }
}

/// One range of RFC 9110 §14.1.2.
struct ByteRange {
    private var first: Int?
    private var last: Int?
    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    /// From `bytes=0-99`, `bytes=100-` or `bytes=-5`; `nil` for anything else, which a server may ignore.
    init?(_ header: String) {
        guard header.hasPrefix("bytes=") else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard ends.count == 2, ends != ["", ""], ends.allSatisfy({ $0.utf8.allSatisfy(Self.digits.contains) }) else {
            return nil
        }
        // Digits that no integer holds stand for a number beyond every file.
        first = ends[0].isEmpty ? nil : Int(ends[0]) ?? .max
        last = ends[1].isEmpty ? nil : Int(ends[1]) ?? .max
    }

    /// The bytes meant, or `nil` when a file of this length has none of them.
    func resolved(in length: Int) -> Range<Int>? {
        guard let first else {
            let count = min(last ?? 0, length)
            return count > 0 ? length - count..<length : nil
        }
        guard first < length, last ?? first >= first else { return nil }
        return first..<min((last ?? length - 1), length - 1) + 1
    }
}
