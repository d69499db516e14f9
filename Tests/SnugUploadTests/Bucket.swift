// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugUpload

/// A bucket `bkt` of a real S3 server.
struct Bucket: Sendable {
    let server: RealServer

    var settings: S3Settings { Self.settings() }

    static func settings(secret: String = "testtest") -> S3Settings {
        S3Settings(accessKeyID: "test", secretKey: Secret(secret), presignedFor: .seconds(600))
    }

    /// SeaweedFS, which checks signatures, or moto, which does not.
    init(_ name: String = "seaweedfs") async throws {
        server =
            name == "moto"
            ? try await startServer("moto", ready: "/moto-api/data.json") { $0 == 200 }
            : try await startServer("seaweedfs", portCount: 8, ready: "/ready", method: "PUT", portOffset: 1) {
                $0 < 300
            }
        // The gateway may begin to listen later than what was asked whether it is ready.
        let patient = RetryPolicy(maximumAttempts: 60, maximumDelay: .seconds(1))
        let response = try await plainClient().perform(signed("PUT", "/bkt"), policy: patient)
        #expect(response.isSuccess)
        // The first content makes SeaweedFS set up storage for the bucket, and while that takes long it answers 500.
        for request in try [signed("PUT", "/bkt/first", body: pattern(100_000)), signed("DELETE", "/bkt/first")] {
            #expect(try await plainClient().perform(request, policy: patient).isSuccess)
        }
    }

    func signed(
        _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], body: [UInt8] = []
    ) throws -> ClientRequest {
        let url = try HTTPURL(server.url(path))
        let headers = try SigV4(settings: settings).sign(
            method, url, headers: fields, payloadHash: MessageDigest.sha256(body).hexadecimal,
            now: Int(Date().timeIntervalSince1970))
        let body = [.get, .head].contains(method) ? nil : HTTPBody(bytes: body)
        return ClientRequest(method, url, headerFields: headers, body: body)
    }

    /// An object's bytes; `nil` when there is none.
    func object(_ key: String, maximum: Int = 100_000_000) async throws -> [UInt8]? {
        let response = try await plainClient().send(signed("GET", "/bkt/\(key)"), into: .collect(maximum: maximum))
        return response.status == 404 ? nil : response.body
    }

    /// The CRC-64/NVME of an object, as the server has it.
    func checksum(_ key: String) async throws -> String? {
        try await plainClient().send(signed("HEAD", "/bkt/\(key)", ["x-amz-checksum-mode": "ENABLED"]))
            .headerFields["x-amz-checksum-crc64nvme"]
    }

    /// The keys of unfinished uploads that the server still has.
    func unfinished() async throws -> [String] {
        S3ResponseBody(try await plainClient().send(signed("GET", "/bkt?uploads")).body).all("Upload")
            .map { $0["Key"] ?? "?" }
    }
}
