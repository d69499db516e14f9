// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

/// Many uploads at once: each costs a record and a file, and only while a part comes a descriptor.
@Suite struct OpenUploadTests {
    /// Files of uploads that this process has open.
    private static func openFiles(_ bench: JobBench) -> Int {
        let links = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let folder = bench.folder.path.appending("state/submissions/uploads").string + "/"
        return links.count {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix(folder)
                == true
        }
    }

    /// Bytes on the disk.
    private static func written(_ bench: JobBench) -> Int {
        let folder = bench.folder.path.appending("state/submissions/uploads")
        return ((try? FolderListing.names(in: folder)) ?? []).reduce(0) { sum, name in
            let path = folder.appending(FilePath(bytes: name).components)
            return sum + ((try? FileIdentity(of: path, followsLinks: false))?.byteCount ?? 0)
        }
    }

    @Test("Uploads that wait for their next part have no descriptors, and each resumes")
    func idle() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            var paths: [String] = []
            for index in 0..<60 {
                let part = [UInt8](repeating: UInt8(index), count: 100 + index)
                let made = try await server.createUpload(
                    length: 1000, "", [("Content-Type", "application/offset+octet-stream")], body: part)
                paths.append(try #require(made["location"]))
            }
            #expect(Set(paths).count == 60)
            #expect(Self.openFiles(bench) == 0)
            #expect(Self.written(bench) == (0..<60).reduce(0) { $0 + 100 + $1 })
            for (index, path) in paths.enumerated() {
                #expect(try await server.uploadOffset(path) == "\(100 + index)")
                #expect(try await server.sendPart(path, [1, 2, 3], at: 100 + index).status == 204)
            }
            #expect(Self.openFiles(bench) == 0)
        }
    }

    @Test("Parts that stall have a descriptor each and share a bounded memory; others are served; all is given back")
    func stalled() async throws {
        let bench = try await JobBench()
        // 50,000 bytes for all parts that are not written.
        try await bench.run({ $0.receivingBytes = 200_000 }) { server in
            let part = [UInt8](repeating: 7, count: 30_000)
            var connections: [RawConnection] = []
            for _ in 0..<40 {
                let path = try #require(try await server.createUpload(length: 100_000)["location"])
                let head = server.head("PATCH", path, TestServer.part(at: "0"), length: 100_000)
                connections.append(
                    try await onThread {
                        let connection = try RawConnection(port: server.port)
                        try connection.send(head + part)
                        return connection
                    })
            }
            while Self.openFiles(bench) < 40 || Self.written(bench) < 40 * 30_000 - 50_000 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(Self.openFiles(bench) == 40)
            #expect(try await server.fit(TestImage.small).status == 200)
            #expect(try await server.send("/livez").status == 200)
            for connection in connections { connection.finishSending() }
            while Self.openFiles(bench) > 0 { try await Task.sleep(for: .milliseconds(5)) }
            // What came before the connections broke is kept.
            #expect(Self.written(bench) == 40 * 30_000)
        }
    }

    @Test("Beyond the number of uploads that may be open another is 503 with a time; one that ends makes room")
    func maximum() async throws {
        let bench = try await JobBench()
        let end = LedgerInstant.now + .seconds(3600)
        for index in 0..<12 {
            // Every other one does not know its length yet; one that is whole does not count.
            let upload = ReceivedUpload(length: index % 2 == 0 ? 10 : nil, name: "a", fields: [], metadata: nil)
            try await bench.ledger.save(try upload.payload, as: .receivedUploads, upload.id, expiresAt: end)
        }
        var other = ReceivedUpload(length: 1, name: "a", fields: [], metadata: nil)
        (other.offset, other.job) = (1, "job")
        let whole = other
        try await bench.ledger.save(try whole.payload, as: .receivedUploads, whole.id, expiresAt: end)
        let jobs = ServerJobs(bench.daemon, ledger: bench.ledger)
        try await withServer({ $0.maximumUploads = 12 }, jobs: jobs) { server in
            let refused = try await server.createUpload(length: 5)
            #expect(refused.status == 503)
            #expect(refused.code == "too_many_uploads")
            #expect(refused["retry-after"] == "60")
            let one = try #require(try await bench.ledger.documents(.receivedUploads).first { $0.key != whole.id })
            #expect(try await server.send("DELETE", "/v1/uploads/\(one.key)", [TestServer.tus]).status == 204)
            #expect(try await server.createUpload(length: 5).status == 201)
        }
    }
}
