// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

@Suite struct SigV4Tests {
    // Signatures made by botocore for the documentation's example key, 2026-11-20 12:00:00 UTC.
    private let signer = SigV4(
        settings: S3Settings(
            accessKeyID: "AKIDEXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")))
    private let now = 1_795_176_000
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let helloHash = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"

    struct Vector: Sendable {
        var method: HTTPRequest.Method
        var url: String
        var headers: HTTPFields = [:]
        var hash: String
        var signature: String
    }

    @Test(
        "Signatures equal those of another implementation",
        arguments: [
            Vector(
                method: "PUT",
                url:
                    "https://bkt.s3.us-east-1.amazonaws.com/photos/a%20b%2B%C3%A9.jpg?partNumber=2&uploadId=abc%2Fdef%3D",
                hash: emptyHash, signature: "497824fc39915204734a81f20f023a3d247d28a5f6203721df453768a052c439"),
            Vector(
                method: "POST", url: "http://127.0.0.1:8333/bkt/k.bin?uploads", hash: emptyHash,
                signature: "b3f9004571ff12ac2fc92542b3000fbdecff4d7e6a50032af37a04f579decc85"),
            Vector(
                method: "PUT", url: "http://127.0.0.1:8333/bkt/k.bin", headers: ["x-amz-checksum-crc32": "DUoRhQ=="],
                hash: helloHash, signature: "7e9adff1405918f87b1259b2d9f612fb595b6652471b0e5d784353d80623da80"),
            Vector(
                method: "PUT", url: "http://127.0.0.1:8333/bkt/k.bin?uploadId=U1&partNumber=1",
                hash: "UNSIGNED-PAYLOAD",
                signature: "e357e58d4266623b97884a2ad27033c50fe02ff19bac65c8a1b69f6aa67d4abe"),
        ])
    func vectors(vector: Vector) throws {
        let signed = try signer.sign(
            vector.method, try HTTPURL(vector.url), headers: vector.headers, payloadHash: vector.hash, now: now)
        #expect(signed["Authorization"]?.hasSuffix("Signature=\(vector.signature)") == true)
        #expect(signed["x-amz-date"] == "20261120T120000Z")
        #expect(!signed.redactedDescription.contains(vector.signature))
    }

    @Test func aPresignedAddressEqualsThatOfAnotherImplementation() throws {
        let url = try HTTPURL("http://127.0.0.1:8333/bkt/k.bin?partNumber=1&uploadId=U1")
        let signed = try signer.presign("PUT", url, expires: 3600, now: now)
        #expect(
            signed.text.hasSuffix("X-Amz-Signature=7fef5d853d8cbd6876145fbd013336e7005fe5bc1d94e1dba84a6682921674e5"))
    }

    @Test(arguments: [
        (0, "19700101T000000Z"), (951_782_400, "20000229T000000Z"), (1_795_176_000, "20261120T120000Z"),
        (4_107_542_399, "21000228T235959Z"),
    ])
    func datesAreThoseOfTheCalendar(seconds: Int, text: String) {
        #expect(AmazonDate(seconds).time == text)
    }
}

@Suite struct S3PartsTests {
    @Test(
        "Parts keep to the limits and cover the file",
        arguments: [0, 1, 5 << 20, (5 << 20) + 1, 100 << 20, 50 << 30, 5 << 40])
    func plan(length: Int) {
        let parts = S3Parts(length: length, wanted: 1 << 20)
        #expect(parts.size >= 5 << 20)
        #expect(parts.count <= 10_000)
        #expect(parts.range(1).lowerBound == 0 && parts.range(parts.count).upperBound == length)
        if parts.count > 1 { #expect(parts.range(1).upperBound == parts.range(2).lowerBound) }
        #expect(S3Parts(length: length, size: parts.size).count == parts.count)
    }

    @Test func theCompletionIsInOrderAndEscaped() {
        var parts = S3Parts(length: 12 << 20, wanted: 5 << 20)
        parts.finish(3, .init(etag: "c", md5: []))
        parts.finish(1, .init(etag: "\"a\"", md5: []))
        parts.finish(2, .init(etag: "b", md5: []))
        #expect(parts.missing.isEmpty)
        #expect(
            parts.completion
                == "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"
                + "<Part><PartNumber>2</PartNumber><ETag>b</ETag></Part>"
                + "<Part><PartNumber>3</PartNumber><ETag>c</ETag></Part></CompleteMultipartUpload>")
    }

    @Test func answersAreReadWhateverTheirNamespace() {
        let answer = S3ResponseBody(
            Array(
                """
                <?xml version="1.0"?><ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><PartNumberMarker>0</PartNumberMarker>
                <Part><PartNumber>1</PartNumber><ETag>&quot;a&amp;b&quot;</ETag></Part><Part><PartNumber>2</PartNumber></Part></ListPartsResult>
                """.utf8))
        #expect(answer.all("Part").map { $0["PartNumber"] } == ["1", "2"])
        #expect(answer.all("Part").first?["ETag"] == "\"a&b\"")
        #expect(answer["Nothing"] == nil)
    }

    @Test func aSuccessWithAnErrorInItIsNone() throws {
        let url = try HTTPURL("http://h/")
        func verdict(_ status: Int, _ body: String) -> String {
            let response = ClientResponse(
                head: HTTPResponse(status: .init(code: status)), body: Array(body.utf8), url: url)
            switch S3Outcome(.responded(response), now: 0) {
            case .success: return "success"
            case .again(_, let throttled): return throttled ? "throttled" : "again"
            case .clock: return "clock"
            case .partsDisagree: return "parts"
            case .fail(let error): return error.code.description
            }
        }
        #expect(verdict(200, "<CompleteMultipartUploadResult/>") == "success")
        #expect(verdict(200, "  <Error><Code>InternalError</Code></Error>") == "again")
        #expect(verdict(400, "<Error><Code>RequestTimeout</Code></Error>") == "again")
        #expect(verdict(503, "<Error><Code>SlowDown</Code></Error>") == "throttled")
        #expect(verdict(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>") == "clock")
        #expect(verdict(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>") == "credentials_refused")
        #expect(verdict(404, "<Error><Code>NoSuchUpload</Code></Error>") == "gone")
        #expect(verdict(400, "<Error><Code>MalformedXML</Code></Error>") == "again")
        #expect(verdict(400, "<Error><Code>InvalidPart</Code></Error>") == "parts")
        #expect(verdict(400, "<Error><Code>InvalidArgument</Code></Error>") == "refused")
    }
}
