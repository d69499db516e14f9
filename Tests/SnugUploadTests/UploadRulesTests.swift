// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// The exceptions that uploads make from the classes of responses.
@Suite struct UploadResponseClassTests {
    @Test("Every 5xx is worth another attempt, except that there is no space")
    func serverErrors() {
        for code in 500...599 where code != 507 && code != 503 {
            #expect(ResponseClass(ofUpload: .init(code: code)) == .unknown, "\(code)")
        }
        #expect(ResponseClass(ofUpload: 503) == .transient && ResponseClass(ofUpload: 507) == .definite)
    }

    @Test("A lock is worth another attempt, and other statuses have their general class")
    func others() {
        #expect(ResponseClass(ofUpload: 423) == .transient)
        for code in 200...499 where code != 423 {
            #expect(ResponseClass(ofUpload: .init(code: code)) == ResponseClass(status: .init(code: code)), "\(code)")
        }
    }
}

@Suite struct OfferedDigestTests {
    private let sha = "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
    private let md5 = "XrY7u+Ae7tCTyyK7j1rNww=="

    private func found(_ fields: HTTPFields, isAboutObject: Bool = true) -> [String] {
        OfferedDigest.all(in: fields, isAboutObject: isAboutObject).map {
            "\($0.isSHA256 ? "sha" : "md5") \($0.base64)"
        }
    }

    @Test("Checksums are read in all three forms")
    func forms() {
        #expect(found(["Repr-Digest": "sha-256=:\(sha):"]) == ["sha \(sha)"])
        #expect(found(["Repr-Digest": "sha-512=:AAAA:, md5=:\(md5):"]) == ["md5 \(md5)"])
        #expect(found(["Digest": "SHA-256=\(sha), md5=\(md5)"]) == ["sha \(sha)", "md5 \(md5)"])
        #expect(found(["x-goog-hash": "crc32c=AAAAAA==,md5=\(md5)"]) == ["md5 \(md5)"])
        #expect(found(["x-goog-hash": "crc32c=AAAAAA==", "X-Goog-Hash": "md5=\(md5)"]) == ["md5 \(md5)"])
    }

    @Test("In the response to a request that stores, only Google's field is about the object")
    func scope() {
        let fields: HTTPFields = [
            "Repr-Digest": "sha-256=:\(sha):", "Digest": "SHA-256=\(sha)", "x-goog-hash": "md5=\(md5)",
        ]
        #expect(found(fields, isAboutObject: false) == ["md5 \(md5)"])
        #expect(found(fields).count == 3)
    }

    @Test(
        "What is no checksum of a known kind is ignored",
        arguments: [
            "", "sha-256", "sha-256=", "sha-256=:AAAA:", "sha-256=\"x\"", "sha-256=:AAAA", "adler32=:AAAA:", "=:",
        ])
    func malformed(text: String) {
        #expect(found(["Repr-Digest": text]).isEmpty)
        #expect(found(["Digest": text]).isEmpty)
    }
}

@Suite struct TusFeaturesTests {
    private func features(_ fields: HTTPFields, status: HTTPResponse.Status = 204) throws -> TusFeatures {
        TusFeatures(
            ClientResponse(head: HTTPResponse(status: status, headerFields: fields), url: try HTTPURL("http://h/")))
    }

    @Test("Extensions are read without regard to case and blanks")
    func extensions() throws {
        let found = try features(["Tus-Extension": "creation, Checksum ,concatenation", "Tus-Max-Size": "1000"])
        #expect(found.has("creation") && found.has("checksum") && found.has("concatenation"))
        #expect(!found.has("termination") && found.maximumSize == 1000)
    }

    @Test(
        "The best checksum that the server takes is used",
        arguments: [
            ("md5,sha1,sha256", "sha256"), ("sha1", "sha1"), ("md5", nil), ("", nil), ("SHA256", "sha256"),
        ] as [(String, String?)])
    func checksums(offered: String, expected: String?) throws {
        let found = try features(["Tus-Extension": "checksum", "Tus-Checksum-Algorithm": offered])
        #expect(found.checksumAlgorithm == expected)
        // Without the extension the list means nothing.
        #expect(try features(["Tus-Checksum-Algorithm": offered]).checksumAlgorithm == nil)
    }

    @Test("A maximum of 0, or none, is no limit", arguments: ["0", "-1", "", "x"])
    func noLimit(text: String) throws { #expect(try features(["Tus-Max-Size": text]).maximumSize == nil) }

    @Test("A failed response announces nothing")
    func failure() throws {
        #expect(try !features(["Tus-Extension": "creation"], status: 404).has("creation"))
    }
}

@Suite struct S3PartRangesTests {
    @Test("Parts cover the file without gap or overlap, within S3's limits", arguments: UInt64(0)..<40)
    func cover(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let length = Int.random(in: 0...5 << 40, using: &random) >> Int.random(in: 0...40, using: &random)
        let parts = S3Parts(length: length, wanted: Int.random(in: 1...64 << 20, using: &random))
        #expect(parts.count >= 1 && parts.count <= S3Parts.most && parts.size >= S3Parts.smallest)
        #expect(parts.range(1).lowerBound == 0 && parts.range(parts.count).upperBound == length)
        for number in Set([1, parts.count / 2, parts.count - 1]) where number >= 1 && number < parts.count {
            #expect(parts.range(number).upperBound == parts.range(number + 1).lowerBound)
            #expect(parts.range(number).count == parts.size)
        }
    }

    @Test("Finished parts are no longer missing, and the completion lists them in order")
    func completion() {
        var parts = S3Parts(length: 3 << 20, size: 1 << 20)
        parts.finish(3, .init(etag: "\"c\""))
        parts.finish(1, .init(etag: "a&b"))
        #expect(parts.missing == [2] && parts.bytesDone == 2 << 20 && parts.wholeCRC64 == nil)
        #expect(
            parts.completion == "<CompleteMultipartUpload>"
                + "<Part><PartNumber>1</PartNumber><ETag>a&amp;b</ETag></Part>"
                + "<Part><PartNumber>3</PartNumber><ETag>&quot;c&quot;</ETag></Part></CompleteMultipartUpload>")
    }

    @Test("An ETag is a digest only if it is 32 hexadecimal digits")
    func digests() {
        #expect(S3Parts.isDigest("\"d41d8cd98f00b204e9800998ecf8427e\""))
        #expect(S3Parts.isDigest("D41D8CD98F00B204E9800998ECF8427E"))
        for text in ["", "\"x\"", "d41d8cd98f00b204e9800998ecf8427e-2", "d41d8cd98f00b204e9800998ecf8427g"] {
            #expect(!S3Parts.isDigest(text))
        }
    }
}

@Suite struct ProtocolDetectionTests {
    @Test(
        "The response to OPTIONS names the protocol, else the address does",
        arguments: [
            (["Tus-Version": "1.0.0"], "http://h/files", .tus), (["Tus-Resumable": "1.0.0"], "http://h/files/", .tus),
            (["Upload-Limit": "max-size=1"], "http://h/files", .resumable), ([:], "http://h/forms/", .form),
            ([:], "http://h/object", .put), (["Allow": "PUT"], "http://h/object", .put),
            (["Upload-Draft-Interop-Version": "6"], "http://h/files/", .resumable),
            (["DAV": "1, 2"], "http://h/collection/", .put), (["Allow": "GET, PUT"], "http://h/in/", .put),
            (["Allow": "POST,OPTIONS"], "http://h/object", .form), (["Allow": "PUT, POST"], "http://h/in/", .form),
        ] as [(HTTPFields, String, UploadProtocol)])
    func detection(fields: HTTPFields, address: String, expected: UploadProtocol) throws {
        let url = try HTTPURL(address)
        let response = ClientResponse(head: HTTPResponse(status: 204, headerFields: fields), url: url)
        #expect(Uploader.protocolNamed(by: response, url) == expected)
    }
}
