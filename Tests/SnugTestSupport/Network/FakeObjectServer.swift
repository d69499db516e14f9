// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import Synchronization

/// As much of S3 as a storage needs, with a clock that the test moves.
package final class FakeObjectServer: Sendable {
    package struct Object: Sendable {
        package var bytes: [UInt8]
        var storedAt: Int
    }

    private struct State {
        var objects: [String: Object] = [:]
        var now = 1_800_000_000
        var requests: [String] = []
        /// Statuses for the next requests, whatever they are; 200 lets one pass.
        var faults: [Int] = []
        var pageSize = 1000
        /// Days by which new objects are too old.
        var misdating = 0.0
        var keepsRemoved = false
        /// Uploads in parts that were begun: their key by their id, and when.
        var uploads: [String: (key: String, begunAt: Int)] = [:]
        var listsUploads = true
    }

    private let state = Mutex(State())
    private let box = Mutex<FaultServer?>(nil)

    package init() throws {
        let server = try FaultServer { [weak self] connection in
            while let self { try self.serve(connection) }
        }
        box.withLock { $0 = server }
    }

    package var endpoint: String { box.withLock { $0?.url("") } ?? "" }
    /// Method and path of each request.
    package var requests: [String] { state.withLock { $0.requests } }
    package var keys: [String] { state.withLock { $0.objects.keys.sorted() } }
    package subscript(key: String) -> Object? { state.withLock { $0.objects[key] } }

    package func forgetRequests() { state.withLock { $0.requests = [] } }
    package func advance(days: Double) { state.withLock { $0.now += Int(days * 86_400) } }
    package func put(_ key: String, _ bytes: [UInt8], daysAgo: Double = 0) {
        state.withLock { $0.objects[key] = Object(bytes: bytes, storedAt: $0.now - Int(daysAgo * 86_400)) }
    }
    /// Ids of uploads in parts that have not ended.
    package var uploads: [String] { state.withLock { $0.uploads.keys.sorted() } }
    package func begin(_ id: String, of key: String, daysAgo: Double = 0) {
        state.withLock { $0.uploads[id] = (key, $0.now - Int(daysAgo * 86_400)) }
    }
    package func listNoUploads() { state.withLock { $0.listsUploads = false } }
    package func fail(_ statuses: Int...) { state.withLock { $0.faults = statuses } }
    package func misdate(daysAgo: Double) { state.withLock { $0.misdating = daysAgo } }
    package func keepRemoved() { state.withLock { $0.keepsRemoved = true } }
    package func setPageSize(_ size: Int) { state.withLock { $0.pageSize = size } }

    private func serve(_ connection: FaultConnection) throws {
        let request = try connection.readRequest()
        let halves = request.target.split(separator: "?", maxSplits: 1)
        let path = String(halves[0])
        let (fault, now) = state.withLock { state in
            state.requests.append("\(request.method) \(path)")
            return (state.faults.isEmpty ? nil : state.faults.removeFirst(), state.now)
        }
        var fields = ["Date": Self.date(now)]
        if let fault, fault != 200 {
            if request.method == "HEAD" {
                return try connection.send(Self.head(fault, fields.merging(["Content-Length": "0"]) { $1 }))
            }
            return try connection.respond(fault, fields, body: "<Error><Code>Fault\(fault)</Code></Error>")
        }
        let query = halves.count > 1 ? String(halves[1]) : ""
        guard path.hasPrefix("/bkt/") else {
            let isAboutUploads = query.hasSuffix("uploads=")
            guard !isAboutUploads || state.withLock({ $0.listsUploads }) else {
                return try connection.respond(501, fields, body: "<Error><Code>NotImplemented</Code></Error>")
            }
            return try connection.respond(200, fields, body: isAboutUploads ? listUploads(query) : list(query, now))
        }
        let key = String(path.dropFirst(5))
        switch request.method {
        case "PUT" where request.headers["if-none-match"] == "*" && self[key] != nil:
            try connection.respond(412, fields)
        case "PUT":
            state.withLock { state in
                let storedAt = now - Int(state.misdating * 86_400)
                state.objects[key] = Object(bytes: request.body, storedAt: storedAt)
            }
            fields["ETag"] = "\"\(MessageDigest.md5(request.body).hexadecimal)\""
            try connection.respond(200, fields)
        case "DELETE" where query.hasPrefix("uploadId="):
            let known = state.withLock { $0.uploads.removeValue(forKey: String(query.dropFirst(9))) }
            try connection.respond(known?.key == key ? 204 : 404, fields)
        case "DELETE":
            state.withLock { if !$0.keepsRemoved { $0.objects[key] = nil } }
            try connection.respond(204, fields)
        default: try tell(key, fields, hasBody: request.method == "GET", connection)
        }
    }

    private func tell(
        _ key: String, _ fields: [String: String], hasBody: Bool, _ connection: FaultConnection
    ) throws {
        guard let object = self[key] else {
            try connection.send(Self.head(404, fields.merging(["Content-Length": "0"]) { $1 }))
            return
        }
        let more = ["Content-Length": "\(object.bytes.count)", "Last-Modified": Self.date(object.storedAt)]
        try connection.send(Self.head(200, fields.merging(more) { $1 }))
        if hasBody { try connection.send(object.bytes) }
    }

    private static func items(_ query: String) -> [String: String] {
        var items: [String: String] = [:]
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1)
            items[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding : ""
        }
        return items
    }

    private func listUploads(_ query: String) -> String {
        let items = Self.items(query)
        let last = (items["key-marker"] ?? "", items["upload-id-marker"] ?? "")
        let (uploads, size) = state.withLock { ($0.uploads, $0.pageSize) }
        let found = uploads.filter { $0.value.key.hasPrefix(items["prefix"] ?? "") && ($0.value.key, $0.key) > last }
            .sorted { ($0.value.key, $0.key) < ($1.value.key, $1.key) }
        let page = found.prefix(size)
        let texts = page.map { id, upload in
            "<Upload><Key>\(upload.key)</Key><UploadId>\(id)</UploadId>"
                + "<Initiated>\(Self.isoDate(upload.begunAt))</Initiated></Upload>"
        }
        let markers = page.last.map {
            "<NextKeyMarker>\($0.value.key)</NextKeyMarker><NextUploadIdMarker>\($0.key)</NextUploadIdMarker>"
        }
        return "<ListMultipartUploadsResult><IsTruncated>\(found.count > size)</IsTruncated>\(markers ?? "")"
            + "\(texts.joined())</ListMultipartUploadsResult>"
    }

    private func list(_ query: String, _ now: Int) -> String {
        let items = Self.items(query)
        let after = items["continuation-token"] ?? items["start-after"] ?? ""
        let (objects, size) = state.withLock { ($0.objects, $0.pageSize) }
        let found = objects.filter { $0.key.hasPrefix(items["prefix"] ?? "") && $0.key > after }
            .sorted { $0.key < $1.key }
        let page = found.prefix(size)
        let contents = page.map { key, object in
            "<Contents><Key>\(key)</Key><LastModified>\(Self.isoDate(object.storedAt))</LastModified>"
                + "<Size>\(object.bytes.count)</Size></Contents>"
        }.joined()
        let isTruncated = found.count > size
        let token =
            isTruncated ? page.last.map { "<NextContinuationToken>\($0.key)</NextContinuationToken>" } ?? "" : ""
        return "<ListBucketResult><IsTruncated>\(isTruncated)</IsTruncated>\(token)\(contents)</ListBucketResult>"
    }

    private static func head(_ status: Int, _ fields: [String: String]) -> String {
        "HTTP/1.1 \(status) Scripted\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    }

    private static func date(_ seconds: Int) -> String { text(seconds, "EEE, dd MMM yyyy HH:mm:ss 'GMT'") }
    private static func isoDate(_ seconds: Int) -> String { text(seconds, "yyyy-MM-dd'T'HH:mm:ss'.000Z'") }

    private static func text(_ seconds: Int, _ format: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = format
        return formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
    }
}
