// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// Forms with hostile parts, as they come to `POST /v1/jobs`.
@Suite struct HostileFormTests {
    private static let image = TestImage.small

    private static func part(_ name: [UInt8], _ image: [UInt8] = HostileFormTests.image) -> [UInt8] {
        Array("--xXx\r\nContent-Disposition: form-data; name=\"image\"; filename=\"".utf8) + name
            + Array("\"\r\n\r\n".utf8)
            + image + Array("\r\n".utf8)
    }

    private static func send(_ server: TestServer, _ body: [UInt8]) async throws -> RawResponse {
        try await server.send("POST", "/v1/jobs", [("Content-Type", "multipart/form-data; boundary=xXx")], body: body)
    }

    @Test("A file's name leads to no other place, fits the file system, and its job is carried out")
    func names() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            for (index, (given, expected)) in [
                ("../../../../etc/cron.d/evil.png", "evil.png"), ("/etc/passwd", "passwd"), ("..", "image"),
                (".", "image"), ("....//....//a.png", "a.png"), (#"\\\\server\\share\\b.png"#, "b.png"),
                ("C:\\\\windows\\\\c.png", "c.png"), ("%2e%2e%2fd.png", "%252e%252e%252fd.png"),
                ("e.png\u{202E}gpj", "e"), ("-rf.png", "-rf.png"), ("~root", "~root"),
                ("$(id).png", "$(id).png"),
                ("a.json", "a"), (".snug", "snug"),
                // File systems take names of 255 bytes: 300 of one byte, and 200 of three.
                (String(repeating: "x", count: 300), String(repeating: "x", count: 200)),
                (String(repeating: "字", count: 200) + ".png", String(repeating: "字", count: 66)),
                (String(repeating: "😀", count: 100), String(repeating: "😀", count: 50)),
            ].enumerated() {
                // Equal images would be one job.
                let image = TestImage.noise(width: 8, height: 8, seed: UInt64(index))
                let response = try await Self.send(
                    server, Self.part(Array(given.utf8), image) + Array("--xXx--\r\n".utf8))
                #expect(response.status == 202, "\(given): \(response.text)")
                let job = try #require(response.json["jobs"]?.elements.first)
                #expect(job["name"]?.text == expected, "\(given)")
                let done = try await server.job(try #require(response.jobIDs.first))
                #expect(done["state"]?.text == "delivered", "\(given)")
            }
        }
        #expect(bench.folder.files().allSatisfy { $0.hasPrefix("state/") })
    }

    @Test("A name that is no text, or breaks its line, refuses the whole form, and nothing is put in")
    func brokenNames() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            for name: [UInt8] in [[0xFF, 0xFE], [0xC0, 0xAF], [0x61, 0], [0x61, 10, 0x62], [0x61, 13, 0x62]] {
                let good = Self.part(Array("good.png".utf8))
                let response = try await Self.send(server, good + Self.part(name) + Array("--xXx--\r\n".utf8))
                #expect(response.status == 400, "\(name)")
                #expect(response.code == "bad_form", "\(name)")
            }
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }

    @Test("A form without end, with too many parts or with a field twice puts nothing in")
    func shapes() async throws {
        let bench = try await JobBench()
        let part = Self.part(Array("a.png".utf8))
        let end = Array("--xXx--\r\n".utf8)
        let field = Array("--xXx\r\nContent-Disposition: form-data; name=\"limit\"\r\n\r\n1MB\r\n".utf8)
        let unknown = Array("--xXx\r\nContent-Disposition: form-data; name=\"limt\"\r\n\r\n1MB\r\n".utf8)
        try await bench.run { server in
            for (body, code) in [
                (part, "bad_form"), (part + Array("--xXx".utf8), "bad_form"), (part + Array("--xXx-".utf8), "bad_form"),
                (part + Array("--xXy--".utf8), "bad_form"),
                (Array(repeatElement(field, count: 1000).joined()) + part + end, "bad_form"),
                (Array(repeatElement(part, count: 201).joined()) + end, "several_images"),
                (field + field + part + end, "invalid_parameter"), (unknown + part + end, "unknown_parameter"),
                (field + end, "no_image"), (end, "no_image"),
            ] as [([UInt8], String)] {
                let response = try await Self.send(server, body)
                #expect(response.status == 400, "\(code)")
                #expect(response.code == code)
                if code == "unknown_parameter" { #expect(response.json["details"]?["nearest"]?.text == "limit") }
            }
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }
}
