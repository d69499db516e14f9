// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugUpload

/// The XML of servers that are not Amazon's.
@Suite struct S3ResponseBodyTests {
    @Test(
        "An element is found whatever its prefix, blanks and attributes, and its characters are as meant",
        arguments: [
            ("<R><UploadId>a&amp;1&#x2F;b&#34;</UploadId></R>", "a&1/b\""),
            ("<s3:R xmlns:s3=\"x\"><s3:UploadId>7</s3:UploadId></s3:R>", "7"),
            ("<R xmlns=\"x\"\n><UploadId\n>7</UploadId\n></R>", "7"),
            ("<R><UploadIdMarker>1</UploadIdMarker><UploadId a=\"b\">7</UploadId></R>", "7"),
            ("<R><!-- <UploadId>no</UploadId> --><UploadId>7</UploadId></R>", "7"),
            ("<R><UploadId>a & b &unknown; &#xD800;</UploadId></R>", "a & b &unknown; &#xD800;"),
            ("<R><UploadId/></R>", ""), ("<R><UploadId>7", nil), ("<R><UploadId", nil), ("<R><!-- x", nil),
            ("<html><title>Sign in</title></html>", nil), ("", nil), ("<", nil), ("<R></UploadId></R>", nil),
        ] as [(String, String?)])
    func elements(text: String, value: String?) {
        #expect(S3ResponseBody(Array(text.utf8))["UploadId"] == value)
    }

    @Test("Elements of a list are searched each by itself")
    func lists() {
        let text = "<n:L><n:Part><n:ETag>1</n:ETag></n:Part><n:Part/><n:Part><n:ETag>3</n:ETag></n:Part></n:L>"
        #expect(S3ResponseBody(Array(text.utf8)).all("Part").map { $0["ETag"] } == ["1", nil, "3"])
    }
}
