// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// A parameter that is given twice where one is meant: neither of the two is taken.
@Suite struct RepeatedParameterTests {
    private static let id = String(repeating: "0", count: 26)

    private static func check(_ response: RawResponse, names parameter: String, _ request: String) {
        #expect(response.status == 400, "\(request)")
        #expect(response.code == "invalid_parameter", "\(request)")
        #expect(response.json["details"]?["parameter"]?.text == parameter, "\(request)")
        #expect(response.json["message"]?.text == "'\(parameter)': is given more than once; give it once")
    }

    @Test("In the query of any address it is refused by its name, and nothing is done")
    func queries() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            for (method, path, parameter) in [
                ("POST", "/v1/fit?limit=1MB&limit=1MB", "limit"), ("POST", "/v1/fit?crop&size=2x2&crop", "crop"),
                ("POST", "/v1/inspect?for=x&for=bluesky", "for"), ("POST", "/shrink?max-side=9&max-side=8", "max-side"),
                // Percent signs hide no name.
                ("POST", "/v1/jobs?limit=1MB&%6cimit=2MB", "limit"), ("POST", "/v1/uploads?scale=1&scale=1", "scale"),
                ("GET", "/v1/jobs?state=failed&state=held", "state"), ("GET", "/v1/jobs?limit=1&limit=2", "limit"),
                ("GET", "/v1/jobs/\(Self.id)/result?number=1&number=2", "number"),
                ("POST", "/v1/jobs/\(Self.id)/pause?until=2h&until=3h", "until"),
                ("POST", "/v1/jobs/all/pause?folder=a&until=2h&until=3h", "until"),
                ("POST", "/v1/jobs/all/cancel?folder=a&folder=b", "folder"),
                ("POST", "/v1/pauses?until=2h&until=3h", "until"), ("POST", "/v1/pauses?folder=a&folder=b", "folder"),
                ("DELETE", "/v1/pauses?account=a&account=a", "account"),
                ("POST", "/v1/pauses?stage=fit&until=2h&stage=fit", "stage"),
            ] {
                let fields = path.hasPrefix("/v1/uploads") ? [("Tus-Resumable", "1.0.0"), ("Upload-Length", "9")] : []
                let response = try await server.send(
                    method, path, fields, body: method == "POST" ? TestImage.small : nil)
                Self.check(response, names: parameter, "\(method) \(path)")
            }
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
        #expect(try await bench.ledger.holds().isEmpty)
        #expect(try await bench.ledger.documents(.receivedUploads).isEmpty)
    }

    @Test("In a form, and in a form and the query, it is refused too; an item of JSON overrides the query once")
    func forms() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let image = (head: "name=\"image\"; filename=\"a.png\"", content: TestImage.small)
            let side = (head: "name=\"max-side\"", content: Array("8".utf8))
            let type = [("Content-Type", "multipart/form-data; boundary=xXx")]
            for path in ["/v1/fit", "/v1/inspect", "/v1/jobs"] {
                for (query, parts) in [("", [side, image, side]), ("?max-side=8", [side, image])] {
                    let response = try await server.send(
                        "POST", path + query, type, body: TestServer.form(parts))
                    Self.check(response, names: "max-side", "\(path)\(query)")
                }
            }
            let data = Data(TestImage.small).base64EncodedString()
            let item = Array("[{\"data\": \"\(data)\", \"max-side\": 8}]".utf8)
            let json = [("Content-Type", "application/json")]
            let twice = try await server.send("POST", "/v1/jobs?max-side=9&max-side=10", json, body: item)
            Self.check(twice, names: "max-side", "an item that has one of its own")
            #expect(try await server.send("POST", "/v1/jobs?max-side=9", json, body: item).status == 202)
        }
        #expect(try await bench.ledger.list(JobFilter()).count == 1)
    }

    @Test("An address that takes no parameters refuses any before it does anything")
    func none() async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        let identity = JobIdentity(contentHash: "hash", pipeline: "p", options: "{}", version: 1)
        let id = try await ledger.enqueue([NewJob(identity, name: "a", folder: "inbox")])[0].job.id
        try await withServer(ledger: ledger) { server in
            for (method, path) in [("DELETE", "?dry-run"), ("GET", "?verbose=1"), ("POST", "/cancel?until=2h")] {
                let response = try await server.send(method, "/v1/jobs/\(id)\(path)")
                #expect(response.status == 400, "\(method) \(path)")
                #expect(response.code == "unknown_parameter", "\(method) \(path)")
                #expect(response.json["message"]?.text?.hasSuffix("This address takes none.") == true)
            }
            #expect(try await ledger.job(id).state == .waiting)
        }
    }

    @Test("A name of a stranger is shown without controls, and not at any length")
    func hostileNames() async throws {
        try await withServer { server in
            for name in ["%1b%5b31m", "%0d%0aSet-Cookie:x", String(repeating: "n", count: 4000)] {
                let response = try await server.send("POST", "/v1/fit?\(name)=1&\(name)=2", body: TestImage.small)
                #expect(response.code == "invalid_parameter")
                #expect(response.text.utf8.count < 1000)
                #expect(response["set-cookie"] == nil)
                let shown = response.json["details"]?["parameter"]?.text ?? "\u{1b}"
                #expect(!shown.unicodeScalars.contains { $0.value < 0x20 })
            }
        }
    }
}
