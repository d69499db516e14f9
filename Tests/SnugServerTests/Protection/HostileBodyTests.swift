// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// Bodies that mean no good, on each address that takes one.
@Suite struct HostileBodyTests {
    @Test("A request whose length is told in two ways is refused, and nothing behind it is taken for another request")
    func smuggling() async throws {
        try await JobBench().run { server in
            let upload = try #require(try await server.createUpload(length: 100)["location"])
            for (method, path, fields) in [
                ("POST", "/v1/fit", []), ("POST", "/v1/inspect", []), ("POST", "/v1/jobs", []),
                ("POST", "/shrink", []), ("POST", "/output/none", []), ("PATCH", upload, TestServer.part(at: "0")),
            ] as [(String, String, [(String, String)])] {
                for lengths in [
                    [("Content-Length", "4"), ("Transfer-Encoding", "chunked")],
                    [("Transfer-Encoding", "chunked"), ("Content-Length", "4")],
                    [("Transfer-Encoding", "chunked, identity")], [("Transfer-Encoding", "xchunked")],
                    [("Content-Length", "0x4")], [("Content-Length", "4, 5")],
                ] {
                    let hidden = "0\r\n\r\nGET /v1/profiles HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                    let bytes = try await onThread {
                        let connection = try RawConnection(port: server.port)
                        try? connection.send(server.head(method, path, fields + lengths) + Array(hidden.utf8))
                        connection.finishSending()
                        return try connection.readToEnd()
                    }
                    let text = String(decoding: bytes, as: UTF8.self)
                    #expect(!text.contains("\"profiles\""), "\(method) \(path) \(lengths)")
                    if let (response, _) = RawResponse.parse(bytes, hasBody: false) {
                        #expect((400..<500).contains(response.status), "\(method) \(path) \(lengths)")
                    }
                }
            }
            #expect(try await server.send("/livez").status == 200)
        }
    }

    @Test(
        "A body that drips is told to go on every address that takes one",
        arguments: ["/v1/fit", "/v1/inspect", "/v1/jobs", "/shrink"])
    func drips(path: String) async throws {
        let bench = try await JobBench()
        try await bench.run({ ($0.ratePeriod, $0.minimumRate) = (.milliseconds(100), 10_000) }) { server in
            let (response, rest) = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", path, length: 1 << 20) + TestImage.small)
                return (try connection.readResponse(), try connection.readToEnd())
            }
            #expect(response.status == 408)
            #expect(response.code == "too_slow")
            #expect(rest.isEmpty)
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }

    @Test("A part of an upload that drips is told to go; what came stays, and the upload is free for the rest")
    func uploadDrip() async throws {
        try await JobBench().run({ ($0.ratePeriod, $0.minimumRate) = (.milliseconds(200), 10_000) }) { server in
            let image = TestImage.small
            let path = try #require(try await server.createUpload(length: image.count)["location"])
            let response = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(
                    server.head("PATCH", path, TestServer.part(at: "0"), length: image.count) + Array(image[..<10]))
                return try connection.readResponse()
            }
            #expect(response.status == 408)
            while try await server.send("HEAD", path, [TestServer.tus])["upload-offset"] != "10" {
                try await Task.sleep(for: .milliseconds(5))
            }
            var last = response
            while last.status != 204 {
                last = try await server.send("PATCH", path, TestServer.part(at: "10"), body: Array(image[10...]))
            }
            #expect(last["upload-offset"] == "\(image.count)")
        }
    }

    @Test("An image that is huge in memory is refused by its header on every way in")
    func bombs() async throws {
        let header = PNGBuilder.signature + PNGBuilder.header(width: 60_000, height: 60_000)
        let bomb = header + PNGBuilder.chunk("IDAT", PNGBuilder.zlib([0])) + PNGBuilder.chunk("IEND")
        try await JobBench().run { server in
            let shrunk = try await server.send("POST", "/shrink", body: bomb)
            #expect(shrunk.status == 413)
            #expect(shrunk.code == "limit_exceeded")
            let form = try await server.send(
                "POST", "/v1/fit", [("Content-Type", "multipart/form-data; boundary=xXx")],
                body: TestServer.form([("name=\"image\"; filename=\"a.png\"", bomb)]))
            #expect(form.code == "limit_exceeded")
            let id = try #require(try await server.send("POST", "/v1/jobs", body: bomb).jobIDs.first)
            let job = try await server.job(id, in: ["failed", "held", "delivered"])
            #expect(job["state"]?.text == "failed")
            #expect(job["reason"]?["code"]?.text == "limit_exceeded")
            #expect(try await server.fit(TestImage.small, "copy-compliant").body == TestImage.small)
        }
    }

    @Test("Bodies share a bounded memory: what does not fit in is 503 with a time, and has its place when others end")
    func receivingBudget() async throws {
        try await withServer({ ($0.maximumBodyBytes, $0.receivingBytes) = (10_000, 10_000) }) { server in
            let stalled = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit", [("Expect", "100-continue")], length: 9990))
                _ = try connection.readResponse()
                try connection.send([UInt8](repeating: 0, count: 9989))
                return connection
            }
            // Whether it came at once or in pieces, for which room grows up to the length.
            while !(try await server.send("/metrics").text.contains(/snug_http_receiving_bytes 99(89|90)\n/)) {}
            #expect(try await server.send("/readyz").json["problems"]?.elements.first?["check"]?.text == "receiving")
            for path in ["/v1/fit", "/v1/inspect", "/shrink"] {
                let refused = try await server.send("POST", path, body: TestImage.small)
                #expect(refused.status == 503, "\(path)")
                #expect(refused.code == "overloaded", "\(path)")
                #expect(refused["retry-after"] == "1", "\(path)")
                #expect(refused["connection"] == "close", "\(path)")
            }
            stalled.finishSending()
            while !(try await server.send("/metrics").text.contains("snug_http_receiving_bytes 0\n")) {}
            #expect(try await server.fit(TestImage.small).status == 200)
        }
    }

    @Test("A length that is announced takes no memory from others: slow clients with large bodies stop nobody")
    func announcedLengths() async throws {
        try await withServer({ ($0.maximumBodyBytes, $0.receivingBytes) = (10_000, 10_000) }) { server in
            let slow = try await onThread {
                try ["/v1/fit", "/v1/fit", "/v1/inspect", "/shrink"].map { path in
                    let connection = try RawConnection(port: server.port)
                    try connection.send(server.head("POST", path, [("Expect", "100-continue")], length: 10_000))
                    _ = try connection.readResponse()
                    try connection.send([1])
                    return connection
                }
            }
            try await server.waitForMetrics("snug_http_receiving_bytes 4")
            for path in ["/v1/fit", "/v1/inspect", "/shrink"] {
                let status = try await server.send("POST", path, body: TestImage.small).status
                #expect((200...201).contains(status), "\(path)")
            }
            #expect(try await server.send("/readyz").status == 200)
            slow.forEach { $0.finishSending() }
        }
    }
}
