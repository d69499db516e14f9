// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

@Suite struct BearerTokenTests {
    @Test(
        "It is shown as Bearer, or as the password of Basic",
        arguments: [
            ("Bearer 0123456789abcdef", true), ("bearer 0123456789abcdef", true), ("Bearer 0123456789abcdeF", false),
            ("Bearer 0123456789abcde", false), ("Bearer 0123456789abcdef0", false), ("Bearer", false), ("", false),
            // api:0123456789abcdef, :0123456789abcdef, 0123456789abcdef
            ("Basic YXBpOjAxMjM0NTY3ODlhYmNkZWY=", true), ("Basic OjAxMjM0NTY3ODlhYmNkZWY=", true),
            ("Basic MDEyMzQ1Njc4OWFiY2RlZg==", false), ("Basic !!!", false), ("Digest 0123456789abcdef", false),
        ])
    func shown(field: String, isShown: Bool) throws {
        #expect(try BearerToken("0123456789abcdef").isShown(in: field) == isShown)
    }

    @Test("A file's first line is the token, without the spaces around it")
    func file() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array("  0123456789abcdef\r\nsecond line\n".utf8), to: "token")
        #expect(try BearerToken(file: path).matches("0123456789abcdef"))
    }

    @Test("A short token, an empty file and a missing one are refused without naming the token")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ServerConfigurationError.self) { try BearerToken("secret15letters") }
        #expect(error?.message.contains("secret") == false)
        let empty = try folder.write([], to: "empty")
        #expect(throws: ServerConfigurationError.self) { try BearerToken(file: empty) }
        #expect(throws: ServerConfigurationError.self) { try BearerToken(file: folder.path.appending("none")) }
        #expect(throws: ServerConfigurationError.self) { try BearerToken(file: folder.path) }
    }
}
