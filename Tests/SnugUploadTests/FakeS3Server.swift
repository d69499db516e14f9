// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Synchronization

@testable import SnugUpload

/// As much of S3 as an upload of one object needs, for what real servers here do not do.
final class FakeS3Server: Sendable {
    /// What it makes of a checksum of the whole.
    enum Manner: Sendable, Equatable {
        case takes
        case ignores
        case refusesAtBegin(Int)
        case refusesAtEnd
        /// Keeps another object than was sent.
        case keepsAnother
        /// Tells it only to those who may decrypt.
        case hides
        /// Promises to check it, and in the end tells an `ETag` that is made of the parts' MD5 instead.
        case tellsMD5
        /// Says of so many parts that another checksum arrived.
        case changesParts(Int)
        /// Responds to a HEAD with a status.
        case forbidsReading(Int)
        /// Has a page for the request that joins, and lets nobody read.
        case joinsWithPage
        /// Joins the parts and sends more white space than anybody reads.
        case joinsWithoutEnd
        /// Joins the parts, with a result or a response that nobody reads to its end, and shows no object.
        case showsNothing(hasResult: Bool)
        /// Tells `ETag`s that look like MD5 and are none.
        case tellsOpaqueETags(OpaqueETag)
    }

    /// Why an `ETag` is no MD5.
    enum OpaqueETag: Sendable, CaseIterable { case keyService, customerKey, unknown }

    private struct State {
        var parts: [Int: [UInt8]] = [:]
        var checksum: String?
        var begun = 0
        var aborted = 0
        var partFields: [[String: String]] = []
    }

    private let manner: Manner
    private let state = Mutex(State())
    private let box = Mutex<FaultServer?>(nil)

    init(_ manner: Manner) throws {
        self.manner = manner
        let server = try FaultServer { [weak self] connection in
            while let self { try self.serve(connection) }
        }
        box.withLock { $0 = server }
    }

    var url: String { box.withLock { $0?.url("/bkt/k") } ?? "" }
    var object: [UInt8] { state.withLock { $0.parts.sorted { $0.key < $1.key }.flatMap(\.value) } }
    /// What came with the end.
    var checksum: String? { state.withLock { $0.checksum } }
    /// The headers of each part.
    var partFields: [[String: String]] { state.withLock { $0.partFields } }
    var begun: Int { state.withLock { $0.begun } }
    var aborted: Int { state.withLock { $0.aborted } }

    private func serve(_ connection: FaultConnection) throws {
        var request = try connection.readHead()
        if request.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
        request.body = try connection.read(Int(request.headers["content-length"] ?? "0") ?? 0)
        let announced = request.headers["x-amz-checksum-algorithm"] == "CRC64NVME"
        switch (request.method, request.target) {
        case ("POST", let target) where target.hasSuffix("?uploads"):
            if case .refusesAtBegin(let status) = manner, announced { return try refuse(connection, status) }
            state.withLock { state in
                state.begun += 1
                state.parts = [:]
            }
            let known = ["x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "FULL_OBJECT"]
            let id = "<R><UploadId>u</UploadId></R>"
            try connection.respond(200, announced && manner != .ignores ? known : [:], body: id)
        case ("PUT", let target):
            let number = target.split(separator: "partNumber=").last.flatMap { Int($0.prefix { $0.isNumber }) }
            state.withLock { state in
                state.parts[number ?? 0] = request.body
                state.partFields.append(request.headers)
            }
            let isChanged = if case .changesParts(let count) = manner { partFields.count <= count } else { false }
            let checksum = isChanged ? "AAAAAAAAAAA=" : request.headers["x-amz-checksum-crc64nvme"]
            if case .tellsOpaqueETags(let kind) = manner {
                return try connection.respond(
                    200, kind.fields.merging(["ETag": "\"\(opaqueETag(request.body))\""]) { $1 })
            }
            try connection.respond(
                200, ["ETag": "\"opaque\"", "x-amz-checksum-crc64nvme": checksum].compactMapValues { $0 })
        case ("POST", _) where manner == .showsNothing(hasResult: true):
            try connection.respond(200, body: "<R><ETag>\"0123456789abcdef0123456789abcdef-2\"</ETag></R>")
        case ("POST", _) where [.joinsWithoutEnd, .showsNothing(hasResult: false)].contains(manner):
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<100 { try connection.send("10000\r\n" + String(repeating: " ", count: 65536) + "\r\n") }
        case ("POST", _) where manner == .joinsWithPage:
            try connection.respond(200, body: "<!DOCTYPE html>\n<html><title>Sign in</title></html>")
        case ("POST", _):
            let checksum = request.headers["x-amz-checksum-crc64nvme"]
            if manner == .refusesAtEnd, checksum != nil { return try refuse(connection, 400) }
            state.withLock { $0.checksum = checksum }
            try connection.respond(200, body: "<R/>")
        case ("DELETE", _):
            state.withLock { $0.aborted += 1 }
            try connection.respond(404)
        case ("GET", _): try connection.respond(404)
        default: try tell(connection, request)
        }
    }

    private func opaqueETag(_ part: [UInt8]) -> String {
        MessageDigest.sha256(part).prefix(16).map { String(format: "%02x", $0) }.joined()
    }

    private func tell(_ connection: FaultConnection, _ request: FaultServer.Request) throws {
        let forbidding: Int? = if case .forbidsReading(let status) = manner { status } else { nil }
        if let status = manner == .joinsWithPage ? 403 : forbidding {
            return try connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
        }
        if case .tellsOpaqueETags(let kind) = manner {
            let fields = kind.fields.map { "\($0): \($1)\r\n" }.joined()
            return try connection.send(
                "HTTP/1.1 200 OK\r\nETag: \"0123456789abcdef0123456789abcdef-2\"\r\n\(fields)"
                    + "Content-Length: \(object.count)\r\n\r\n")
        }
        if case .showsNothing = manner {
            return try connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        }
        let asks = request.headers["x-amz-checksum-mode"] == "ENABLED"
        // A response to HEAD has no body.
        if manner == .hides, asks { return try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") }
        let (count, checksum) = (object.count, manner == .keepsAnother ? "AAAAAAAAAAA=" : self.checksum)
        if manner == .tellsMD5 {
            return try connection.send(
                "HTTP/1.1 200 OK\r\nETag: \"\(wholeETag)\"\r\nContent-Length: \(count)\r\n\r\n")
        }
        let field = asks ? checksum.map { "x-amz-checksum-crc64nvme: \($0)\r\n" } ?? "" : ""
        try connection.send(
            "HTTP/1.1 200 OK\r\nETag: \"0123456789abcdef0123456789abcdef-2\"\r\n"
                + "x-amz-server-side-encryption: aws:kms\r\n\(field)Content-Length: \(count)\r\n\r\n")
    }

    private var wholeETag: String {
        let parts = state.withLock { $0.parts }.sorted { $0.key < $1.key }.map(\.value)
        let all = parts.flatMap { MessageDigest.md5($0) }
        return "\(MessageDigest.md5(all).map { String(format: "%02x", $0) }.joined())-\(parts.count)"
    }

    private func refuse(_ connection: FaultConnection, _ status: Int) throws {
        try connection.respond(status, body: "<Error><Code>InvalidRequest</Code></Error>")
    }
}

extension FakeS3Server.OpaqueETag {
    fileprivate var fields: [String: String] {
        switch self {
        case .keyService: ["x-amz-server-side-encryption": "aws:kms"]
        case .customerKey: ["x-amz-server-side-encryption-customer-algorithm": "AES256"]
        case .unknown: [:]
        }
    }
}
