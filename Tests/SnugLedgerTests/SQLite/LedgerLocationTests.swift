// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

/// The text of `--ledger` and `SNUG_LEDGER`.
@Suite("Where a ledger is") struct LedgerLocationTests {
    private static let secret = "s3cr3t-w0rd"

    @Test(
        "Text that names no service is the path of a file, as it is",
        arguments: [
            "ledger.sqlite", "/var/lib/snug/ledger.sqlite", "./postgres:/x", "postgres", "postgres:/db",
            "POSTGRES://db",
            "mysql://db/x", "file:///tmp/x", "a b/\u{e4}.sqlite", " postgres://db/x",
        ])
    func files(text: String) throws {
        guard case .file(let path) = try LedgerLocation(text, isPrivate: false) else {
            Issue.record("no file: \(text)")
            return
        }
        #expect(path == FilePath(text))
        #expect(LedgerLocation.place(of: text) == FilePath(text).string)
    }

    @Test("A file may be there or not, and opening makes it")
    func opens() async throws {
        let folder = try TemporaryFolder()
        let location = try LedgerLocation(folder.path.appending("ledger.sqlite").string, isPrivate: false)
        #expect(!location.mayExist)
        let ledger = try await location.open()
        #expect(location.mayExist)
        #expect(try await ledger.books().isEmpty)
        try await ledger.close()
    }

    @Test("The first line of a file has the place, whatever ends it")
    func lines() throws {
        let folder = try TemporaryFolder()
        for text in ["/data/l.sqlite", "/data/l.sqlite\n", "/data/l.sqlite\r\nrest", "/data/l.sqlite\n@other\n"] {
            let file = try folder.write(Array(text.utf8), to: "address")
            #expect(try LedgerLocation("@\(file)", isPrivate: false).description == "/data/l.sqlite")
        }
    }

    @Test("A file without a place in its first line is refused, also one that names itself or another")
    func badLines() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("address")
        for text in ["", "\n/data/l.sqlite\n", "@\(file)", "@", "@/dev/null"] {
            try folder.write(Array(text.utf8), to: "address")
            await expectFailure(.notALedger) { _ = try LedgerLocation("@\(file)", isPrivate: false) }
        }
        await expectFailure(.readOnly) { _ = try LedgerLocation("@\(folder.path)/none", isPrivate: false) }
        await expectFailure(.readOnly) { _ = try LedgerLocation("@\(folder.path)", isPrivate: false) }
        #expect(LedgerLocation.place(of: "@\(file)") == "@\(file)")
    }

    #if Postgres
        @Test(
            "A password is taken from where only its owner reads, and is in no description and no error",
            arguments: [
                "postgres://me:\(secret)@db.example:5433/snug", "postgresql://me:\(secret)@db.example:5433/snug",
                "postgres://me@db.example:5433/snug?password=\(secret)",
                "postgres://me@db.example:5433/snug?sslmode=require&sslkey=k&sslpassword=\(secret)",
                "postgres://me:\(secret)@db.example:5433/snug?sslmode=verify-full",
            ])
        func passwords(text: String) throws {
            let error = try #require(throws: LedgerError.self) { try LedgerLocation(text, isPrivate: false) }
            #expect(error.code == .notAllowed)
            #expect(!"\(error)".contains(Self.secret))
            let place = "postgres://db.example:5433/snug"
            #expect(try LedgerLocation(text, isPrivate: true).description == place)
            #expect(LedgerLocation.place(of: text) == place)
            let folder = try TemporaryFolder()
            let file = try folder.write(Array("\(text)\n".utf8), to: "address")
            #expect(try LedgerLocation("@\(file)", isPrivate: false).description == place)
        }

        @Test(
            "An address that cannot be read is refused, and nothing of it is shown",
            arguments: [
                "postgres://me:\(secret)@[db/snug", "postgres://me:\(secret)@db/snug?nosuchoption=1",
                "postgres://me:\(secret)%@db/snug", "postgres://me:\(secret)@db/\u{0}snug",
            ])
        func badAddresses(text: String) throws {
            let error = try #require(throws: LedgerError.self) { try LedgerLocation(text, isPrivate: true) }
            #expect(error.code == .notALedger)
            #expect(!"\(error)".contains(Self.secret))
            #expect(LedgerLocation.place(of: text) == "an address that cannot be read")
        }

        /// A failure, whether the same transaction may succeed when it is tried again, and its code.
        struct Failure: Sendable, CustomTestStringConvertible {
            var state: String
            var message = "m"
            var isLost = false
            var wasEstablished = false
            var isTransient = false
            var code: LedgerError.Code
            var testDescription: String { "\(state) \(message)" }
        }

        /// States of PostgreSQL's manual, appendix A.
        static let failures = [
            Failure(state: "40001", isTransient: true, code: .busy),
            Failure(state: "40P01", isTransient: true, code: .busy),
            Failure(state: "55P03", isTransient: true, code: .busy),
            Failure(state: "53300", isTransient: true, code: .busy),
            Failure(state: "57P01", isTransient: true, code: .busy),
            Failure(state: "57P03", isTransient: true, code: .busy),
            // A statement that was cancelled, surely for its time: trying again would take as long.
            Failure(state: "57014", code: .busy), Failure(state: "53100", code: .diskFull),
            Failure(state: "25006", code: .readOnly), Failure(state: "42501", code: .readOnly),
            Failure(state: "3F000", code: .readOnly), Failure(state: "54000", code: .notAllowed),
            Failure(state: "23505", isTransient: true, code: .notAllowed), Failure(state: "23514", code: .notAllowed),
            Failure(state: "42P01", code: .corrupt), Failure(state: "42703", code: .corrupt),
            Failure(state: "XX001", code: .corrupt), Failure(state: "XX002", code: .corrupt),
            Failure(state: "XX000", code: .ioFailed), Failure(state: "42601", code: .ioFailed),
            Failure(state: "", message: "connection reset", isLost: true, isTransient: true, code: .unreachable),
            Failure(state: "57P01", isLost: true, isTransient: true, code: .unreachable),
            Failure(state: "28P01", isLost: true, code: .unreachable),
            Failure(state: "3D000", isLost: true, code: .unreachable),
            Failure(state: "", message: "no password supplied", isLost: true, code: .unreachable),
            Failure(state: "", message: "server certificate for \"db\" is wrong", isLost: true, code: .unreachable),
            Failure(state: "", message: "could not translate host name \"db\"", isLost: true, code: .unreachable),
            Failure(
                state: "", message: "server does not support SSL, but SSL was required", isLost: true,
                code: .unreachable),
        ]

        /// The texts with which libpq (fe-secure-openssl.c) tells of an encrypted connection that breaks, as it does when
        /// the service restarts.
        static let broken =
            [
                "SSL connection has been closed unexpectedly", "SSL SYSCALL error: EOF detected",
                "SSL SYSCALL error: Connection reset by peer", "SSL error: unexpected eof while reading",
            ].map {
                Failure(
                    state: "", message: $0, isLost: true, wasEstablished: true, isTransient: true, code: .unreachable)
            } + [
                Failure(
                    state: "57P01", message: "terminating connection due to administrator command", isLost: true,
                    wasEstablished: true, isTransient: true, code: .unreachable)
            ]

        @Test(
            "A failure of the service has a code with a remedy, and is tried again where that helps",
            arguments: failures + broken)
        func failure(row: Failure) {
            let rest = row.wasEstablished ? "SSL connection has been closed unexpectedly" : "DETAIL: more"
            let failure = PostgresFailure(
                state: row.state, message: "\(row.message)\n\(rest)", isLost: row.isLost,
                wasEstablished: row.wasEstablished)
            #expect(failure.isTransient == row.isTransient)
            let error = failure.ledgerError("postgres://db/snug")
            #expect(error.code == row.code)
            #expect(error.message.hasPrefix("postgres://db/snug: "))
            #expect(error.message.hasSuffix(" (PostgreSQL: \(row.message))"))
            if row.wasEstablished { #expect(error.message.contains("work resumes by itself")) }
        }
    #endif
}
