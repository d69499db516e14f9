// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct JobClaimStoreTests {
    private func check(_ one: any JobClaimStore, _ two: any JobClaimStore) async throws {
        #expect(try await one.claim("7", account: "x", for: "a", now: 100))
        #expect(try await one.claim("7", account: "x", for: "a", now: 101))
        #expect(try await !two.claim("7", account: "x", for: "b", now: 102))
        #expect(try await two.claim("8", account: "x", for: "b", now: 103))
        #expect(try await one.jobs(of: "x", exceptFor: "a") == ["8"])
        #expect(try await two.jobs(of: "x", exceptFor: "b") == ["7"])
        #expect(try await two.jobs(of: "x", exceptFor: "c") == ["7", "8"])
        #expect(try await two.jobs(of: "y", exceptFor: "c") == [])
    }

    @Test("A job belongs to one submission, in memory")
    func inMemory() async throws {
        let claims = InMemoryJobClaims()
        try await check(claims, claims)
    }

    @Test("A job belongs to one submission, among all processes that share a folder")
    func files() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("state")
        try await check(FileJobClaims(path), FileJobClaims(path))
    }

    @Test("Old lines go when the file is large, and recent ones stay")
    func pruning() async throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: "n", count: 4000)
        let old = (0..<300).map { "1 a \(name)\($0)\n" }.joined()
        try folder.write(Array((old + "9000000 a recent\n").utf8), to: "jobs-x")
        let claims = FileJobClaims(folder.path)
        #expect(try await claims.claim("new", account: "x", for: "b", now: 9_000_001))
        #expect(try await FileJobClaims(folder.path).jobs(of: "x", exceptFor: "c") == ["recent", "new"])
    }

    @Test("A folder that cannot be written is an error")
    func unwritable() async throws {
        let error = await #expect(throws: GenerationError.self) {
            _ = try await FileJobClaims("/proc/nowhere").claim("7", account: "x", for: "a", now: 1)
        }
        #expect(error?.code == .outputFailed)
    }
}
