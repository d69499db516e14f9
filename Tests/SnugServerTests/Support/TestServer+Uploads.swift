// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport

@testable import SnugServer

/// Requests of the upload protocol tus 1.0.0.
extension TestServer {
    static let tus = ("Tus-Resumable", "1.0.0")

    /// The fields of a part that begins at an offset.
    static func part(at offset: String) -> [(String, String)] {
        [tus, ("Upload-Offset", offset), ("Content-Type", "application/offset+octet-stream")]
    }

    /// Begins an upload.
    /// - Parameter length: `nil` for a length that is not known yet.
    func createUpload(
        length: Int?, _ query: String = "", _ fields: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> RawResponse {
        let announced = length.map { ("Upload-Length", "\($0)") } ?? ("Upload-Defer-Length", "1")
        return try await send("POST", "/v1/uploads" + query, [Self.tus, announced] + fields, body: body)
    }

    /// Sends a part.
    func sendPart(
        _ path: String, _ bytes: [UInt8], at offset: String, _ fields: [(String, String)] = []
    ) async throws -> RawResponse {
        try await send("PATCH", path, Self.part(at: offset) + fields, body: bytes)
    }

    /// Sends a part.
    func sendPart(
        _ path: String, _ bytes: [UInt8], at offset: Int, _ fields: [(String, String)] = []
    ) async throws -> RawResponse {
        try await sendPart(path, bytes, at: "\(offset)", fields)
    }

    /// The offset that the server has.
    func uploadOffset(_ path: String) async throws -> String? {
        try await send("HEAD", path, [Self.tus])["upload-offset"]
    }
}
