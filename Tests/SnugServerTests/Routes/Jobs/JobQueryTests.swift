// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugLedger
import SnugSystem
import Testing

@testable import SnugServer

@Suite struct JobQueryTests {
    private static let now = LedgerInstant(milliseconds: 1_800_000_000_000)

    private static func query(_ text: String) throws -> JobFilter {
        try JobQuery(try #require(FormText.fields(text)), now: now).filter
    }

    @Test("Conditions become a filter of the ledger")
    func conditions() throws {
        #expect(try Self.query("") == JobFilter())
        let filter = try Self.query(
            "state=failed,held&folder=inbox&account=main&text=a%20b&since=2h&before=\(String(repeating: "0", count: 26))&limit=7"
        )
        #expect(filter.states == [.failed, .held])
        #expect(filter.folder == "inbox")
        #expect(filter.account == "main")
        #expect(filter.text == "a b")
        #expect(filter.since == Self.now - .seconds(7200))
        #expect(filter.before == JobID(String(repeating: "0", count: 26)))
        #expect(filter.limit == 7)
    }

    @Test(
        "A text is looked for as names are kept, whether typed or copied",
        arguments: [
            ("100%25.jpg", "100%25.jpg"), ("100%2525.jpg", "100%25.jpg"), ("%C3%A4%25", "ä%25"), ("a%25ff", "a%ff"),
        ])
    func texts(given: String, kept: String) throws {
        #expect(try Self.query("text=\(given)").text == kept)
    }

    @Test(
        "What is unknown or wrong is refused",
        arguments: [
            ("stat=failed", "unknown_parameter"), ("state=faild", "invalid_parameter"), ("state=", "invalid_parameter"),
            ("limit=0", "invalid_parameter"), ("limit=1001", "invalid_parameter"), ("before=x", "invalid_parameter"),
            ("since=yesterday-ish", "invalid_parameter"), ("text=", "invalid_parameter"),
            ("folder=", "invalid_parameter"), ("account=", "invalid_parameter"),
        ])
    func refused(text: String, code: String) throws {
        let error = try #require(throws: ServiceError.self) { try Self.query(text) }
        #expect(error.status.code == 400)
        #expect(error.code == code)
    }
}
