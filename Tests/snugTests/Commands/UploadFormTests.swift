// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

/// Forms of `snug upload`, which are sent once.
@Suite struct UploadFormTests {
    private let place: CommandFolder

    init() throws { place = try CommandFolder() }

    /// Takes forms; responds with 500 to the first ones.
    private func server(failing count: Int = 0) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(connection.number <= count ? 500 : 200)
            }
        }
    }

    private func post(
        _ file: String, _ server: FaultServer, _ options: [String] = [], input: String = ""
    ) throws -> (exitCode: Int32, status: String?, error: [String: Any]?) {
        let arguments = ["upload", file, "--to", server.url("/f"), "--protocol", "form", "--json", "--state", "state"]
        let result = try place.runner.run(arguments + options, input: Array(input.utf8))
        let object = try CommandFolder.objects(result).first
        return (result.exitCode, object?["status"] as? String, object?["error"] as? [String: Any])
    }

    @Test("A file is sent again with other fields, under another field or as another type, and once with each")
    func fields() throws {
        let server = try server()
        try place.folder.write(Array("text".utf8), to: "f")
        let requests = [
            [], ["--field", "purpose=p1"], ["--field", "purpose=p2"], ["--file-field", "document"],
            ["--content-type", "text/csv"],
        ]
        for options in requests { #expect(try post("f", server, options).status == "uploaded", "\(options)") }
        for options in requests { #expect(try post("f", server, options).status == "skipped", "\(options)") }
        #expect(server.requests.count == requests.count)
    }

    @Test("A form from standard input whose response was no answer is not sent again unasked")
    func standardInput() throws {
        let server = try server(failing: 1)
        for _ in 0..<2 {
            let (exitCode, _, error) = try post("-", server, input: "one")
            #expect(exitCode == 1 && error?["code"] as? String == "outcome_unknown")
            let message = error?["message"] as? String ?? ""
            #expect(message.contains("nobody knows whether it was stored"), "\(message)")
        }
        #expect(server.requests.count == 1)
        let body = String(decoding: server.requests.first?.body ?? [], as: UTF8.self)
        #expect(body.contains("filename=\"stdin\""), "\(body)")
        // Other content is another upload.
        #expect(try post("-", server, input: "two").exitCode == 0)
        #expect(try post("-", server, ["--again"], input: "one").exitCode == 0)
        #expect(server.requests.count == 3)
        #expect(place.folder.files().filter { $0.hasPrefix("state/spool/") } == [])
    }
}
