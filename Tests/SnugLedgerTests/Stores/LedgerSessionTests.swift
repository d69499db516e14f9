// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite("Sessions in a ledger") struct LedgerSessionTests {
    /// Gives out numbered pairs, and takes each refresh token once.
    private final class Issuer: Sendable {
        private let issued = Mutex(0)
        private let refused = Mutex(0)
        var count: Int { issued.withLock { $0 } }
        var refusals: Int { refused.withLock { $0 } }

        func next(_ old: SessionTokens) async throws -> SessionTokens {
            await Task.yield()
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

    let path: FilePath
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
    }

    private func session() async throws -> LedgerSession {
        LedgerSession(try await SQLiteLedger.open(path), identity: "me")
    }

    @Test("Many find an expired token at once, and one refreshes")
    func once() async throws {
        let stores = [try await session(), try await session()]
        try await stores[0].logIn(SessionTokens(access: Secret("a0"), refresh: Secret("r0")))
        let issuer = Issuer()
        for round in 0..<3 {
            let used = Secret("a\(round)")
            try await withThrowingTaskGroup(of: SessionTokens.self) { group in
                for number in 0..<6 {
                    group.addTask { try await stores[number % 2].renew(after: used) { try await issuer.next($0) } }
                }
                for try await tokens in group { #expect(tokens.access == Secret("a\(round + 1)")) }
            }
            #expect(issuer.count == round + 1)
        }
        #expect(issuer.refusals == 0)
        #expect(try await session().tokens().refresh == Secret("r3"))
    }

    @Test("A refresh that fails leaves the tokens as they were, and the next one its turn")
    func failure() async throws {
        let store = try await session()
        let tokens = SessionTokens(access: Secret("a0"), refresh: Secret("r0"))
        try await store.logIn(tokens)
        await #expect(throws: GenerationError.self) {
            _ = try await store.renew(after: Secret("a0")) { _ in throw GenerationError(.providerFailed, "down") }
        }
        #expect(try await store.tokens() == tokens)
        // A provider that does not rotate gives no refresh token.
        let next = try await store.renew(after: Secret("a0")) { _ in SessionTokens(access: Secret("a1")) }
        #expect(next == SessionTokens(access: Secret("a1"), refresh: Secret("r0")))
    }

    @Test("A session that nobody began is reported")
    func missing() async throws {
        let store = try await session()
        await #expect {
            _ = try await store.tokens()
        } throws: {
            ($0 as? GenerationError)?.code == .notAuthenticated
        }
    }
}
