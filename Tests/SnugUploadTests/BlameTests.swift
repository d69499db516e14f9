// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

/// An error names the cause, not the last observation.
@Suite struct BlameTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test(
        "A refused chunk is reported with the refusal, not with the response to the question that followed",
        arguments: [
            (400, UploadError.Code.refused, "responded with 400: no room for cats"),
            (403, .credentialsRefused, "responded with 403: no room for cats"),
        ])
    func refusedChunk(status: Int, code: UploadError.Code, words: String) async throws {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                switch request.method {
                case "OPTIONS": try connection.respond(204, ["Tus-Version": "1.0.0", "Tus-Extension": "creation"])
                case "POST": try connection.respond(201, ["Location": "/files/1"])
                case "HEAD": try connection.respond(200, ["Upload-Offset": "0", "Upload-Length": "1000"])
                default: try connection.respond(status, body: "no room for cats")
                }
            }
        }
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        let file = try folder.file(pattern(1000))
        let error = await #expect(throws: UploadError.self) {
            try await makeUploader(folder).upload(file, to: target)
        }
        #expect(error?.code == code)
        #expect(error?.status == status)
        #expect(error?.message.contains(words) == true)
        #expect(server.requests.map(\.method).contains("HEAD"))
    }

    @Test(
        "A file that becomes shorter while it is sent is the file's change, whatever the protocol",
        arguments: [true, false])
    func shrinkingFile(checksums: Bool) async throws {
        for uploadProtocol in [UploadProtocol.tus, .put, .form] {
            let name = "\(uploadProtocol.rawValue).bin"
            let file = try folder.file(pattern(8 << 20), named: name)
            let server = try FaultServer { [folder] connection in
                while true {
                    let head = try connection.readHead()
                    switch head.method {
                    case "OPTIONS": try connection.respond(204, ["Tus-Version": "1.0.0", "Tus-Extension": "creation"])
                    case "POST" where uploadProtocol == .tus: try connection.respond(201, ["Location": "/files/1"])
                    case "HEAD": try connection.respond(200, ["Upload-Offset": "0"])
                    case "DELETE": try connection.respond(204)
                    default:
                        // Before the body is asked for.
                        try folder.truncate(name, to: 1 << 20)
                        try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
                        _ = try connection.read(8 << 20)
                    }
                }
            }
            var options = UploadOptions()
            options.chunkSize = 8 << 20
            options.checksums = checksums
            let target = UploadTarget(try HTTPURL(server.url("/files")), uploadProtocol)
            let error = await #expect(throws: UploadError.self, "\(uploadProtocol)") {
                try await makeUploader(folder, continueTimeout: .seconds(60)).upload(file, to: target, options: options)
            }
            #expect(error?.code == .sourceChanged, "\(uploadProtocol): \(error.map { "\($0)" } ?? "")")
            #expect(error?.message == "\(file) changed while it was sent; send it again once nothing writes to it")
        }
    }
}
