// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

/// Images that are put where a provider can fetch them.
@Suite(.serialized) struct S3ImageHostTests {
    /// Objects by their paths.
    private final class Bucket: Sendable {
        private let objects = Mutex<[String: [UInt8]]>([:])
        var all: [String: [UInt8]] { objects.withLock { $0 } }
        func put(_ bytes: [UInt8], at path: String) { objects.withLock { $0[path] = bytes } }
    }

    /// As much of S3 as one upload needs; a status other than 200 refuses every PUT.
    private func server(_ bucket: Bucket, status: Int = 200) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let path = String(request.target.prefix { $0 != "?" })
                switch request.method {
                case "PUT":
                    if status == 200 { bucket.put(request.body, at: path) }
                    try connection.respond(status, ["ETag": "\"part\""])
                case "POST" where request.target.contains("uploads"):
                    try connection.respond(
                        status,
                        body: "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                case "POST":
                    try connection.respond(
                        200, body: "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")
                default: try connection.respond(200, ["Content-Length": "\(bucket.all[path]?.count ?? 0)"])
                }
            }
        }
    }

    private func host(_ server: FaultServer, folder: String, presignedFor: Duration? = nil) throws -> S3ImageHost {
        try S3ImageHost(
            folder: try server.address(folder),
            settings: S3Settings(
                accessKeyID: "AKID", secretKey: Secret("very-secret"), presignedFor: presignedFor),
            uploader: Uploader(client: try makeClient(), store: nil, logger: quietLogger))
    }

    @Test(
        "An image goes under the digest of its content, whatever it is named", arguments: ["/bucket/in", "/bucket/in/"])
    func digest(folder: String) async throws {
        let bucket = Bucket()
        let server = try server(bucket)
        let host = try host(server, folder: folder)
        // FIPS 180-4's example.
        let bytes = Array("abc".utf8)
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        for name in ["a.png", "other.png"] {
            let address = try await host.host(FittedInput(bytes: bytes, mediaType: "image/png", name: name))
            #expect(address.contains("/bucket/in/\(digest).png?") && !address.contains("very-secret"))
        }
        #expect(bucket.all.values.map { $0 } == [bytes])
        #expect(server.requests.contains { $0.headers["content-type"] == "image/png" })
    }

    @Test(
        "The address works for a day unless another time is set",
        arguments: [(nil, 86_400), (600, 600)] as [(Int?, Int)])
    func validity(seconds: Int?, expected: Int) async throws {
        let bucket = Bucket()
        let server = try server(bucket)
        let host = try host(server, folder: "/b/", presignedFor: seconds.map { .seconds($0) })
        let address = try await host.host(FittedInput(bytes: [0xFF, 0xD8, 1], mediaType: "image/jpeg", name: "a.jpg"))
        #expect(address.contains("X-Amz-Expires=\(expected)"))
    }

    @Test("A name without an extension has none in the bucket")
    func withoutExtension() async throws {
        let bucket = Bucket()
        let server = try server(bucket)
        _ = try await host(server, folder: "/b/").host(
            FittedInput(bytes: [1, 2, 3], mediaType: "image/jpeg", name: "image"))
        let name = try #require(bucket.all.keys.first)
        #expect(name.hasPrefix("/b/") && name.utf8.count == 3 + 64)
    }

    @Test("A bucket that refuses is an error that names the image")
    func refused() async throws {
        let server = try server(Bucket(), status: 403)
        let host = try host(server, folder: "/b/")
        await #expect {
            _ = try await host.host(FittedInput(bytes: [1, 2, 3], mediaType: "image/jpeg", name: "cat.jpg"))
        } throws: {
            guard let error = $0 as? GenerationError else { return false }
            return error.code == .imageFailed && error.message.contains("cat.jpg could not be put into the bucket")
        }
    }
}
