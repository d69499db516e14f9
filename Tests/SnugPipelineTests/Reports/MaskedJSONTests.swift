// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugPipeline

/// What the ledger keeps is shown to everybody who asks: an address in it must not grant access.
@Suite struct MaskedJSONTests {
    private static let signed =
        "https://bucket.s3.example/in/photo%201.jpg?X-Amz-Credential=AKIAEXAMPLE&X-Amz-Signature=deadbeef0123456789"

    /// Words that must be in nothing that is shown.
    private static let secrets = ["deadbeef0123456789", "AKIAEXAMPLE", "hunter2", "s3cr3t"]

    private static let addresses: [JSONValue] = [
        .text(signed), ["url": .text(signed)], ["a": [["b": [.text(signed), .integer(1)]]]],
        .text("the server at \(signed) said no"), .text("https://user:hunter2@host.example/x"),
        ["first": "https://host.example/x?token=s3cr3t", "second": .text(signed), "third": .null],
    ]

    private func shown(_ value: JSONValue) -> String { MaskedJSON.masking(value).description }

    @Test("An address loses its signature, its user and its password wherever it stands")
    func grantsNothing() {
        for value in Self.addresses {
            let text = shown(value)
            for secret in Self.secrets { #expect(!text.contains(secret), "\(text)") }
        }
    }

    @Test("What is no secret of an address stays: people look for their host and file")
    func readable() {
        let text = shown(.text(Self.signed))
        #expect(text.contains("https://bucket.s3.example/in/") && text.contains("photo"))
        #expect(shown("https://host.example/a/b/c.jpg") == #""https://host.example/a/b/c.jpg""#)
        // Longer than a key, and a path that people know.
        let long = "https://host.example/" + (0..<30).map { "folder-\($0)" }.joined(separator: "/") + "/x.jpg"
        #expect(shown(.text(long)) == JSONValue.text(long).description)
    }

    @Test("Values without an address stay as they are, with the order of their members")
    func untouched() {
        let value: JSONValue = [
            "z": .integer(1), "a": .number(2.5), "m": [.null, .flag(true), "text: with / and \\ and \"quotes\""],
            "empty": "", "nested": ["k": ["l": "m"]], "not": "http:/one-slash",
        ]
        #expect(MaskedJSON.masking(value) == value)
        #expect(MaskedJSON.masking(value).description == value.description)
    }

    @Test("Masking twice changes nothing more", arguments: [signed, "see \(signed)", "plain", "ftp://a:b@c/d?e=f"])
    func idempotent(text: String) {
        let once = MaskedJSON.masking(.text(text))
        #expect(MaskedJSON.masking(once) == once)
    }

    @Test("The quick look finds every address that a value has, also where JSON has escaped its slashes")
    func quickLook() {
        #expect(MaskedJSON.mayHaveAddress(JSONValue.text(Self.signed).description))
        #expect(MaskedJSON.mayHaveAddress(#"{"url":"https:\/\/host.example\/x?token=s3cr3t"}"#))
        #expect(!MaskedJSON.mayHaveAddress(#"{"path":"/a/b//c","time":"12:30"}"#))
        // What is read from escaped slashes is masked like the rest.
        let value = JSONValue.parsing(#"{"url":"https:\/\/host.example\/x?token=s3cr3t"}"#)
        #expect(!shown(value).contains("s3cr3t") && shown(value).contains("host.example"))
    }
}
