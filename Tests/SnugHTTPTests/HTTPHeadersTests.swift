// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Testing

@Suite struct HTTPHeadersTests {
    @Test func namesAreFoundWithoutRegardToCase() {
        var headers: HTTPHeaders = ["Content-Type": "image/png"]
        #expect(headers["content-TYPE"] == "image/png")
        headers["CONTENT-type"] = "image/jpeg"
        #expect(headers.fields.count == 1)
    }

    @Test func printingShowsOnlyFieldsKnownToBeHarmless() {
        var headers: HTTPHeaders = [
            "Content-Type": "image/png", "X-New-Api-Key-Scheme": "hunter2", "Set-Cookie": "a=b",
        ]
        headers.set("Authorization", secret: Secret("hunter2"), prefix: "Bearer ")
        #expect(headers["Authorization"] == "Bearer hunter2")
        #expect("\(headers)".contains("image/png"))
        #expect(!"\(headers)".contains("hunter2"))
        #expect(!"\(headers)".contains("a=b"))
    }

    @Test func aSecretPrintsAsStarsInEveryWay() {
        struct Holder { let key = Secret("hunter2") }
        var dumped = ""
        dump(Holder(), to: &dumped)
        let texts = ["\(Secret("hunter2"))", String(reflecting: Holder()), String(describing: Holder()), dumped]
        #expect(texts.allSatisfy { !$0.contains("hunter2") })
        #expect(texts[0] == "***")
    }
}
