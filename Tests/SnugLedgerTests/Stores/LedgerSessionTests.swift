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

    @Test("Tokens are kept as they are, whatever is in them, and sessions are apart")
    func kept() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let texts = ["", "a\"b\\c", "line\nend", "\u{1F511}", String(repeating: "x", count: 10_000)]
        for (number, text) in texts.enumerated() {
            let session = LedgerSession(ledger, identity: "s\(number)")
            try await session.logIn(
                SessionTokens(access: Secret(text), refresh: number == 0 ? nil : Secret("r" + text)))
        }
        for (number, text) in texts.enumerated() {
            let tokens = try await LedgerSession(ledger, identity: "s\(number)").tokens()
            #expect(tokens.access.reveal() == text)
            #expect(tokens.refresh?.reveal() == (number == 0 ? nil : "r" + text))
        }
    }

    @Test("Tokens that another process has renewed meanwhile are taken, without asking the provider")
    func renewedElsewhere() async throws {
        let stores = [try await session(), try await session()]
        try await stores[0].logIn(SessionTokens(access: Secret("a0"), refresh: Secret("r0")))
        try await stores[1].logIn(SessionTokens(access: Secret("a1"), refresh: Secret("r1")))
        let tokens = try await stores[0].renew(after: Secret("a0")) { _ in
            throw GenerationError(.providerFailed, "nobody should ask")
        }
        #expect(tokens == SessionTokens(access: Secret("a1"), refresh: Secret("r1")))
    }

    @Test("A pair that the provider gave out is kept although the one who asked is gone")
    func cancelled() async throws {
        let store = try await session()
        try await store.logIn(SessionTokens(access: Secret("a0"), refresh: Secret("r0")))
        let (isAsked, isGone) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let task = Task {
            try await store.renew(after: Secret("a0")) { _ in
                isAsked.continuation.finish()
                // The response of the provider arrives after the one who asked has given up.
                for await _ in isGone.stream {}
                return SessionTokens(access: Secret("a1"), refresh: Secret("r1"))
            }
        }
        for await _ in isAsked.stream {}
        task.cancel()
        isGone.continuation.finish()
        _ = await task.result
        #expect(try await session().tokens() == SessionTokens(access: Secret("a1"), refresh: Secret("r1")))
        // The name is free for the next.
        let next = try await store.renew(after: Secret("a1")) { _ in SessionTokens(access: Secret("a2")) }
        #expect(next.refresh == Secret("r1"))
    }

    @Test("A damaged session and a ledger that is closed say so, and no token is in what they say")
    func damaged() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let store = LedgerSession(ledger, identity: "me")
        try await ledger.save(#"{"access":"canary","refresh":7}"#, as: .sessions, "me")
        let error = await #expect(throws: GenerationError.self) { _ = try await store.tokens() }
        #expect(error?.code == .notAuthenticated && error?.message.contains("log in again") == true)
        #expect(error.map { "\($0)" }?.contains("canary") == false)
        try await ledger.close()
        // A ledger that cannot be read says nothing about the session: nobody is told to log in again.
        let unread = await #expect(throws: GenerationError.self) { _ = try await store.tokens() }
        #expect(unread?.code == .outputFailed && unread?.message.contains("log in") == false)
        #expect((unread?.cause as? LedgerError)?.code == .closed)
        let stuck = await #expect(throws: GenerationError.self) {
            _ = try await store.renew(after: Secret("canary")) { $0 }
        }
        #expect(stuck?.code == .outputFailed && stuck.map { "\($0)" }?.contains("canary") == false)
        let closed = await #expect(throws: GenerationError.self) {
            try await store.logIn(SessionTokens(access: Secret("canary")))
        }
        #expect(closed?.code == .outputFailed && closed?.message.contains("canary") == false)
    }
}
