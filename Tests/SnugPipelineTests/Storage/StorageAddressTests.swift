// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite struct StorageAddressTests {
    @Test(
        "An address names bucket, folder, server and region",
        arguments: [
            ("s3://bkt", "s3://bkt"), ("S3://bkt/", "s3://bkt"), ("s3://bkt/a//b/", "s3://bkt/a/b"),
            ("s3://bkt/a?region=eu-west-1", "s3://bkt/a?region=eu-west-1"),
            ("s3://bkt?endpoint=http://127.0.0.1:9000", "s3://bkt?endpoint=http://127.0.0.1:9000"),
            (
                "s3://bkt/a?use_path_style=false&region=x&endpoint=https%3A%2F%2Fh%3A9000%2F",
                "s3://bkt/a?endpoint=https://h:9000&region=x&use_path_style=false"
            ),
        ])
    func reads(text: String, shown: String) throws {
        let address = try StorageAddress(text)
        #expect(address.description == shown)
        #expect(try StorageAddress(shown) == address)
    }

    @Test(
        "A wrong address is refused with the right form",
        arguments: [
            ("bkt/folder", "s3://bkt/folder"), ("s3:bkt/folder", "s3://bkt/folder"),
            ("", "s3://BUCKET/PREFIX, or file:///PATH"),
            ("s3:/bkt", "s3://bkt"), ("s3://", "bucket"),
            ("https://host:9000/bkt/folder", "s3://bkt/folder?endpoint=https://host:9000"),
            ("s3:https://host/bkt/folder", "s3://bkt/folder?endpoint=https://host"),
            ("https://bkt.s3.eu-west-1.amazonaws.com/folder/", "s3://bkt/folder?region=eu-west-1"),
            ("https://s3.eu-west-1.amazonaws.com/bkt/folder", "s3://bkt/folder?region=eu-west-1"),
            ("https://bkt.s3.amazonaws.com", "write s3://bkt"), ("https://host", "s3://BUCKET?endpoint=https://host"),
            ("s3://host:9000/bkt/a", "s3://bkt/a?endpoint=https://host:9000"),
            ("s3://localhost/bkt", "s3://bkt?endpoint=https://localhost"),
            ("ftp://host/a", "s3://"), ("s3://b b", "no name of a bucket"), ("s3://bkt/a/../b", "'..'"),
            ("s3://bkt/\(String(repeating: "a", count: 513))", "512"),
            ("s3://bkt?endpoint=host:9000", "https://host:9000"), ("s3://bkt?endpoint=", "needs a value"),
            ("s3://bkt?region=a&region=b", "needs a value, and one only"), ("s3://bkt?region=a%2Fb", "no region"),
            ("s3://bkt?regoin=a", "Did you mean 'region'?"), ("s3://bkt?forcePathStyle=true", "'use_path_style'"),
            ("s3://bkt?use_path_style=yes", "'true' or 'false'"), ("s3://bkt?x=y", "endpoint, region, use_path_style"),
            ("s3://bkt?endpoint=https://h?a=b", "has a query"),
        ])
    func refuses(text: String, part: String) {
        let error = #expect(throws: StorageError.self) { try StorageAddress(text) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test(
        "Keys are never in an address, and never in the error about one",
        arguments: [
            "s3://KEYID:hunter2@bkt/a", "s3://bkt?access_key_id=hunter2", "s3://bkt?secret_access_key=hunter2",
            "s3://bkt?session_token=hunter2", "s3://bkt?password=hunter2", "https://id:hunter2@host/bkt",
            "s3://bkt?endpoint=https://id:hunter2@host", "ftp://x:hunter2@y", "s3://a:b/hunter2@x",
            "s3://bkt/a/../?x=hunter2",
        ])
    func secrets(text: String) {
        let error = #expect(throws: StorageError.self) { try StorageAddress(text) }
        #expect(error?.code == .refused && error?.message.contains("hunter2") == false, "\(error?.message ?? "")")
    }

    @Test("Without keys nothing is opened, and the error names the places")
    func noKeys() throws {
        let keys = StorageKeys(
            accessKeyID: .environment("SNUG_TEST_NO_SUCH_VARIABLE"), secretKey: .file("/nowhere/key"))
        let address = try StorageAddress("s3://bkt")
        let error = try #require(throws: StorageError.self) {
            try address.open(keys: keys, http: makeClient(), logger: quietLogger)
        }
        #expect(error.code == .refused && error.message.contains("SNUG_TEST_NO_SUCH_VARIABLE"))
    }

    @Test("Server and region come from the environment where the address names none")
    func environment() async throws {
        let server = try FakeObjectServer()
        let folder = try TemporaryFolder()
        let key = folder.path.appending("key")
        try "secret\n".write(toFile: key.string, atomically: true, encoding: .utf8)
        let keys = StorageKeys(accessKeyID: .file(key), secretKey: .file(key))
        let variables = ["AWS_ENDPOINT_URL": "https://unused.example", "AWS_ENDPOINT_URL_S3": server.endpoint]
        let storage = try StorageAddress("s3://bkt/p").open(keys: keys, http: makeClient(), logger: quietLogger) {
            variables[$0]
        }
        #expect(try await storage.objects(after: nil).isEmpty)
        #expect(server.requests == ["GET /bkt"])
    }
}
