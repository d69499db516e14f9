// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite("Sessions")
struct SessionTests {
    /// Gives out numbered pairs, and takes each refresh token once.
    private final class Issuer: Sendable {
        private let issued = Mutex(0)
        private let refused = Mutex(0)
        var count: Int { issued.withLock { $0 } }
        var refusals: Int { refused.withLock { $0 } }

        func next(_ old: SessionTokens) async throws -> SessionTokens {
            try await Task.sleep(for: .milliseconds(20))
            let number = issued.withLock { issued -> Int? in
                guard old.refresh?.reveal() == "r\(issued)" else { return nil }
                issued += 1
                return issued
            }
            guard let number else {
                refused.withLock { $0 += 1 }
                throw GenerationError(.notAuthenticated, "used up")
            }
            return SessionTokens(access: Secret("a\(number)"), refresh: Secret("r\(number)"))
        }
    }

    private func check(_ stores: [any SessionStore]) async throws {
        let issuer = Issuer()
        for round in 0..<3 {
            let used = Secret("a\(round)")
            try await withThrowingTaskGroup(of: SessionTokens.self) { group in
                for number in 0..<20 {
                    let store = stores[number % stores.count]
                    group.addTask { try await store.renew(after: used) { try await issuer.next($0) } }
                }
                for try await tokens in group { #expect(tokens.access == Secret("a\(round + 1)")) }
            }
            #expect(issuer.count == round + 1)
        }
        #expect(issuer.refusals == 0)
        for store in stores { #expect(try await store.tokens().refresh == Secret("r3")) }
    }

    @Test("Many find an expired token at once, and one refreshes")
    func inMemory() async throws {
        try await check([InMemorySession(SessionTokens(access: Secret("a0"), refresh: Secret("r0")))])
    }

    @Test("Several processes share a session through a file")
    func file() async throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(
            Array(#"{"access_token": "a0", "refresh_token": "r0"}"#.utf8), to: "session.json")
        try await check([FileSession(path), FileSession(path), FileSession(path)])
        let attributes = try FileManager.default.attributesOfItem(atPath: path.string)
        #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o077 } == 0)
    }

    @Test("A refresh that fails leaves the tokens as they were")
    func failure() async throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(Array(#"{"access_token": "a0", "refresh_token": "r0"}"#.utf8), to: "s")
        let store = FileSession(path)
        await #expect(throws: GenerationError.self) {
            _ = try await store.renew(after: Secret("a0")) { _ in throw GenerationError(.providerFailed, "down") }
        }
        #expect(try await store.tokens() == SessionTokens(access: Secret("a0"), refresh: Secret("r0")))
    }

    @Test("A file that is no session is an error", arguments: ["", "{}", "[]", "{\"refresh_token\": \"x\"}"])
    func strange(text: String) async throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(Array(text.utf8), to: "s")
        await #expect {
            _ = try await FileSession(path).tokens()
        } throws: {
            ($0 as? GenerationError)?.code == .notAuthenticated
        }
        await #expect(throws: GenerationError.self) { _ = try await FileSession("/nowhere/s").tokens() }
    }
}
