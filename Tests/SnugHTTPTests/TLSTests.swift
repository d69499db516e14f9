// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugHTTP

/// A TLS server of the openssl program with a certificate of its own making.
private final class TLSServer {
    let port: Int
    let certificate: FilePath
    private let process: ChildProcess
    private let folder: URL

    init(subject: String = "localhost") async throws {
        folder = FileManager.default.temporaryDirectory.appending(component: "snug-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appending(component: "cert.pem")
        let key = folder.appending(component: "key.pem")
        let made = try ChildProcess([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=\(subject)", "-addext",
            "subjectAltName=DNS:\(subject)", "-keyout", key.path(), "-out", certificate.path(),
        ])
        guard try await onThread({ made.wait() }) == 0 else {
            throw HTTPError(.cannotConnect, "openssl makes no certificate")
        }
        self.certificate = FilePath(certificate.path())
        let output = folder.appending(component: "output")
        process = try ChildProcess(
            [
                "/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.path(), "-key",
                key.path(),
                "-www",
            ], output: FilePath(output.path()))
        // "ACCEPT 127.0.0.1:41234" once it listens.
        var found: Int?
        while found == nil {
            try await Task.sleep(for: .milliseconds(20))
            let text = try String(contentsOf: output, encoding: .utf8)
            guard process.isRunning else { throw HTTPError(.cannotConnect, "openssl s_server ended: \(text)") }
            found = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }?.split(separator: ":").last.flatMap {
                Int($0)
            }
        }
        port = found ?? 0
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs the openssl program"))
struct TLSTests {
    @Test func aCertificateOfNobodyWeTrustIsRefused() async throws {
        let server = try await TLSServer()
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("GET", try HTTPURL("https://localhost:\(server.port)/")))
        }
        #expect(error?.code == .certificateRefused)
        #expect(error?.outcome == .notSent)
    }

    @Test func anAuthorityOfOnesOwnIsTrustedWhenGiven() async throws {
        let server = try await TLSServer()
        let client = try makeClient { $0.additionalCertificates = server.certificate }
        let response = try await client.send(ClientRequest("GET", try HTTPURL("https://localhost:\(server.port)/")))
        #expect(response.status == 200)
    }

    @Test func aCertificateForAnotherNameIsRefused() async throws {
        let server = try await TLSServer(subject: "other.example")
        let client = try makeClient { $0.additionalCertificates = server.certificate }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("GET", try HTTPURL("https://localhost:\(server.port)/")))
        }
        #expect(error?.code == .certificateRefused)
    }
}
