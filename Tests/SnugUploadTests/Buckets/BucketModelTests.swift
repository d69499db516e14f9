// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// Random calls to a bucket, beside a dictionary that does the same.
@Suite struct BucketModelTests {
    private let folder: ScratchFolder
    private let server: FakeObjectServer
    private let client: BucketClient

    init() throws {
        folder = try ScratchFolder()
        server = try FakeObjectServer()
        client = try makeBucketClient(server.endpoint) { $0.retry.maximumAttempts = 4 }
    }

    /// All objects under a prefix, page by page, in the order in which they come.
    private func list(_ prefix: String, after: String? = nil) async throws -> [BucketObject] {
        var page = try await client.list(prefix: prefix, after: after)
        var objects = page.objects
        while let next = page.next {
            page = try await client.list(prefix: prefix, continuation: next)
            objects += page.objects
        }
        return objects
    }

    private static func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Faults for the next requests: fewer than a call bears.
    private func disturb(_ random: inout SeededGenerator) {
        let faults = [500, 503, 429, 408, 502, 504]
        let chosen = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            faults.randomElement(using: &random) ?? 500
        }
        switch chosen.count {
        case 1: server.fail(chosen[0])
        case 2: server.fail(chosen[0], chosen[1])
        default: server.fail()
        }
    }

    @Test("Whatever is put, got and deleted in whatever order, a bucket has what it should", arguments: [1, 2, 3, 4])
    func random(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var model: [String: [UInt8]] = [:]
        server.setPageSize(Int.random(in: 1...5, using: &random))
        let keys = (0..<8).map { "p/\($0 % 3)/k\($0)" }
        for step in 0..<60 {
            let key = keys.randomElement(using: &random) ?? "p/0/k0"
            disturb(&random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let bytes = Self.bytes(Int.random(in: 0...4000, using: &random), &random)
                let content = BucketContent(bytes)
                _ = try await client.put(try folder.file(bytes), as: key, content: content)
                model[key] = bytes
            case 2:
                try await client.delete(key)
                model[key] = nil
            case 3:
                let found = try await client.head(key)
                #expect(found?.byteCount == model[key]?.count, "step \(step)")
            case 4:
                let place = folder.path.appending("got")
                let wanted = model[key] ?? [1]
                do {
                    try await client.get(key, to: place, content: BucketContent(wanted))
                    #expect(folder.bytes("got") == model[key], "step \(step)")
                } catch let error as BucketError {
                    #expect(error.code == .notFound && model[key] == nil, "step \(step): \(error)")
                }
            default:
                let bytes = Self.bytes(100, &random)
                let isNew = try await client.create(bytes, as: key)
                // A repeated request may find its own object; what is there is never replaced.
                #expect(!isNew || model[key] == nil, "step \(step)")
                if model[key] == nil { model[key] = bytes }
            }
            server.fail()
        }
        #expect(try await list("p/").map(\.key) == model.keys.sorted())
        for (key, bytes) in model { #expect(server[key]?.bytes == bytes) }
    }

    @Test("A list has each object once, in order, however long its pages are and wherever it begins")
    func lists() async throws {
        var random = SeededGenerator(seed: 9)
        var keys: Set<String> = []
        while keys.count < 40 { keys.insert("x/\(String(random.next() % 5000, radix: 36))") }
        for key in keys { server.put(key, [1, 2, 3], daysAgo: 2) }
        server.put("w", [1])
        server.put("y", [1])
        let sorted = keys.sorted()
        for size in [1, 3, 39, 40, 41, 1000] {
            server.setPageSize(size)
            let objects = try await list("x/")
            #expect(objects.map(\.key) == sorted)
            #expect(objects.allSatisfy { $0.byteCount == 3 && abs($0.age / .seconds(86_400) - 2) < 0.01 })
            for start in [0, 1, 17, 38, 39] {
                #expect(try await list("x/", after: sorted[start]).map(\.key) == Array(sorted[(start + 1)...]))
            }
        }
        #expect(try await list("nothing/").isEmpty)
    }
}
