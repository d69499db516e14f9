// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// Nothing lost, nothing doubled, nothing left behind, whatever the line does.
///
/// Short here; `make campaign-upload` runs a thousand uploads and five thousand faults.
@Suite(.serialized) struct CampaignTests {
    private let campaign = Campaign.chosen

    private func check(_ place: Place) async throws {
        let tally = try await campaign.run(place)
        #expect(tally.uploads == campaign.uploads)
        // Enough happened for the rest to mean something. Where nobody can ask, the first lost answer is the end.
        #expect(tally.faultCount >= campaign.uploads * (place.mayNotKnow ? 1 : 5) / 2)
        #expect(try await place.leftovers() == [])
    }

    @Test("tus, with damage on the way that its checksums notice")
    func tus() async throws {
        let server = try await startServer("resumable-upload")
        let folder = StoredFiles(server.folder.appending(component: "uploads"))
        try await check(
            Place(
                name: "tus", port: server.port, kinds: Place.damaging,
                target: { UploadTarget(try HTTPURL("http://127.0.0.1:\($0)/files"), .tus, filename: $1) },
                stored: { _, receipt in try await fetch(server.url(try HTTPURL(receipt.url).path)) },
                count: { _, bytes in try folder.count(of: bytes) },
                // An upload whose address was lost with the response to its creation cannot be removed, and is empty.
                leftovers: {
                    try folder.names { !$0.isEmpty }.count == campaign.uploads ? [] : folder.names { _ in true }
                }
            ))
    }

    @Test("tus in pieces side by side, of which nobody can say whether they were joined when that answer is lost")
    func tusInPieces() async throws {
        let server = try await startServer("resumable-upload")
        let folder = StoredFiles(server.folder.appending(component: "uploads"))
        try await check(
            Place(
                name: "tus in pieces", port: server.port, kinds: Place.damaging, mayNotKnow: true, concurrency: 3,
                // As with forms, pieces whose joining was given up are joined all the same.
                attemptTimeout: .seconds(15), parallelism: 3, smallest: 8 << 20,
                target: { UploadTarget(try HTTPURL("http://127.0.0.1:\($0)/files"), .tus, filename: $1) },
                stored: { _, receipt in try await fetch(server.url(try HTTPURL(receipt.url).path)) },
                count: { _, bytes in try folder.count(of: bytes) },
                // The server keeps the pieces beside what it made of them.
                leftovers: { [] }))
    }

    @Test("The IETF draft")
    func draft() async throws {
        let server = try await DraftServer()
        try await check(
            Place(
                // It forgets a complete upload, so a lost last response is unknown.
                name: "draft", port: server.port, kinds: Place.lossy, mayNotKnow: true,
                target: { UploadTarget(try HTTPURL("http://127.0.0.1:\($0)/things/\($1)"), .resumable) },
                stored: { name, _ in server.objects.first { $0.name == name }?.bytes },
                count: { name, _ in server.objects.count { $0.name == name } },
                leftovers: { server.objects.count == campaign.uploads ? [] : server.objects.map(\.name) }))
    }

    @Test("S3 in parts, with damage on the way that its signatures notice")
    func s3() async throws {
        let bucket = try await Bucket()
        try await check(
            Place(
                // An upload that is just being begun is in no list yet.
                name: "s3", port: bucket.server.port, kinds: Place.damaging, attemptTimeout: .seconds(15),
                target: {
                    UploadTarget(try HTTPURL("http://127.0.0.1:\($0)/bkt/\($1)"), .s3, s3: bucket.settings)
                },
                stored: { name, _ in try await bucket.object(name) },
                count: { name, _ in try await bucket.object(name) == nil ? 0 : 1 },
                leftovers: { try await bucket.unfinished() }))
    }

    @Test("PUT in pieces to Apache's WebDAV")
    func rangedPut() async throws {
        let server = try await startServer("apache", portCount: 2)
        try await check(dav(server, .rangedPut, "ranged-put"))
    }

    @Test("One PUT of everything to Apache's WebDAV")
    func put() async throws {
        let server = try await startServer("apache", portCount: 2)
        try await check(dav(server, .put, "put"))
    }

    private func dav(_ server: RealServer, _ uploadProtocol: UploadProtocol, _ name: String) -> Place {
        let folder = server.folder.appending(component: "dav")
        @Sendable func content(_ name: String) -> [UInt8]? {
            (try? Data(contentsOf: folder.appending(component: name))).map { Array($0) }
        }
        return Place(
            name: name, port: server.port, kinds: Place.lossy,
            target: { UploadTarget(try HTTPURL("http://127.0.0.1:\($0)/\($1)"), uploadProtocol) },
            stored: { name, _ in content(name) },
            count: { name, _ in content(name) == nil ? 0 : 1 },
            leftovers: {
                try FileManager.default.contentsOfDirectory(atPath: folder.path())
                    .filter { !$0.hasPrefix("object-") && $0 != ".DAV" }
            })
    }

    @Test("Sessions as Google has them")
    func session() async throws {
        let server = try await startServer("gcs")
        try await check(
            Place(
                // It has one thread, which still works on what was given up when the machine is busy.
                name: "session", port: server.port, kinds: Place.lossy, mayNotKnow: true, concurrency: 1,
                attemptTimeout: .seconds(8),
                target: { port, name in
                    let path = "/upload/storage/v1/b/bkt/o?uploadType=resumable&name=\(name)"
                    var target = UploadTarget(try HTTPURL("http://127.0.0.1:\(port)\(path)"), .rangedPut)
                    target.ranged = .startsSession
                    return target
                },
                stored: { name, _ in
                    try await fetch(server.url("/download/storage/v1/b/bkt/o/\(name)?alt=media"))
                },
                count: { name, _ in
                    let listing = try await fetch(server.url("/storage/v1/b/bkt/o?prefix=\(name)"))
                    return String(decoding: listing, as: UTF8.self).components(separatedBy: "\"name\": \"\(name)\"")
                        .count
                        - 1
                },
                leftovers: { [] }))
    }

    @Test("Forms, which nobody can ask about afterwards")
    func form() async throws {
        let sink = try FormSink()
        try await check(
            Place(
                // A form that all of was sent arrives sooner or later, and by then somebody has looked for it.
                name: "form", port: sink.port, kinds: Place.lossy, mayNotKnow: true, attemptTimeout: .seconds(15),
                target: { port, name in
                    UploadTarget(try HTTPURL("http://127.0.0.1:\(port)/"), .form, filename: name)
                },
                stored: { name, _ in sink.files.first { $0.name == name }?.bytes },
                count: { name, _ in sink.files.count { $0.name == name } },
                leftovers: { sink.files.count == campaign.uploads ? [] : sink.files.map(\.name) }))
    }
}

/// The files in a server's folder.
private struct StoredFiles: Sendable {
    private let folder: URL

    init(_ folder: URL) { self.folder = folder }

    private func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }

    func count(of bytes: [UInt8]) throws -> Int {
        try files().count { file in
            let size = try FileManager.default.attributesOfItem(atPath: file.path())[.size] as? Int
            return try size == bytes.count && Array(Data(contentsOf: file)) == bytes
        }
    }

    func names(where matches: (Data) -> Bool) throws -> [String] {
        try files().filter { matches(try Data(contentsOf: $0)) }.map(\.lastPathComponent)
    }
}
