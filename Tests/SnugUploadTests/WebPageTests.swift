// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// Responses that were made for a browser say nothing about the file.
@Suite struct WebPageTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private func upload(
        _ uploadProtocol: UploadProtocol, _ status: Int, _ headers: [String: String] = [:], body: String = "",
        head: Int = 404
    ) async throws -> Result<UploadReceipt, UploadError> {
        let server = try FaultServer { connection in
            while true {
                if try connection.readRequest().method == "HEAD" {
                    try connection.respond(head, head == 200 ? ["Content-Length": "3000"] : [:])
                } else {
                    try connection.respond(status, headers, body: body)
                }
            }
        }
        let target = UploadTarget(try HTTPURL(server.url("/a")), uploadProtocol)
        do {
            return .success(try await makeUploader(folder).upload(try folder.file(pattern(3000)), to: target))
        } catch let error as UploadError {
            return .failure(error)
        }
    }

    private static let page = "<!DOCTYPE html>\n<html><title>Sign in</title><input type=\"password\"></html>"

    @Test("A PUT that gets a page is delivered only if the object is there")
    func put() async throws {
        guard case .failure(let error) = try await upload(.put, 200, body: Self.page) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .refused && error.message.contains("a web page"), "\(error.message)")
        #expect(try await upload(.put, 200, body: Self.page, head: 200).get().confirmation == .length)
        // Apache tells of a new file so.
        #expect(try await upload(.put, 201, body: Self.page).get().confirmation == .response)
        #expect(try await upload(.put, 200, body: "OK").get().confirmation == .response)
    }

    @Test("A PUT in ranges that gets a page for an empty file is no upload")
    func ranges() async throws {
        guard case .failure(let error) = try await upload(.rangedPut, 200, body: Self.page) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .refused && error.message.contains("no answer of this upload protocol"))
        #expect(try await upload(.rangedPut, 201, body: Self.page, head: 405).get().confirmation == .response)
    }

    @Test(
        "A form is unknown after a redirect, or a page that asks for a password",
        arguments: [
            (302, "/login", "", "which points to http"), (303, "/done", "", "/done"),
            (200, nil, Self.page, "a page that asks for a password"),
        ] as [(Int, String?, String, String)])
    func form(status: Int, location: String?, body: String, words: String) async throws {
        guard
            case .failure(let error) = try await upload(
                .form, status, location.map { ["Location": $0] } ?? [:], body: body)
        else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .outcomeUnknown && error.message.contains(words), "\(error.message)")
    }

    @Test("A form that gets a page of thanks is delivered, and one that is to go elsewhere is refused")
    func others() async throws {
        _ = try await upload(.form, 200, body: "<html><title>Thanks</title></html>").get()
        guard case .failure(let error) = try await upload(.form, 307, ["Location": "/b"]) else {
            Issue.record("delivered")
            return
        }
        #expect(error.code == .refused)
    }
}
