// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@Suite struct HTTPFieldsTests {
    @Test("A field of any name is printed without its value unless the name is known to be harmless")
    func redaction() throws {
        var fields: HTTPFields = [
            "Content-Type": "image/png", "X-New-Api-Key-Scheme": "hunter2", "Set-Cookie": "a=b",
        ]
        try fields.set("Authorization", secret: Secret("hunter2"), prefix: "Bearer ")
        #expect(fields["Authorization"] == "Bearer hunter2")
        #expect(
            fields.redactedDescription
                == "Content-Type: image/png; X-New-Api-Key-Scheme: ***; Set-Cookie: ***; Authorization: ***")
    }

    @Test("A secret under a harmless name stays hidden")
    func hiddenValue() throws {
        var fields = HTTPFields()
        try fields.set("User-Agent", secret: Secret("hunter2"))
        #expect(fields.redactedDescription == "User-Agent: ***")
    }

    @Test("Requests and responses print no field values that may be secret, in any way")
    func containers() throws {
        let url = try HTTPURL("https://h/x?sig=hunter2")
        let fields: HTTPFields = ["X-Key": "hunter2", "Accept": "image/png"]
        let request = ClientRequest("GET", url, headerFields: fields)
        let response = ClientResponse(head: HTTPResponse(status: 200, headerFields: fields), url: url)
        var texts = ["\(request)", "\(response)", String(reflecting: request), String(reflecting: response)]
        for value in [request as Any, response as Any] {
            var dumped = ""
            dump(value, to: &dumped)
            texts.append(dumped)
        }
        #expect(texts.allSatisfy { !$0.contains("hunter2") })
        #expect(texts[4].contains("Accept: image/png"))
    }

    @Test("A checked field keeps its value to the byte", arguments: ["", "a", "a b\tc", "é", "=:x:;,"])
    func validValues(value: String) throws {
        #expect(try HTTPField(checked: "X-A", value).value == value)
    }

    @Test(
        "A name or value that cannot be sent is an error, never changed",
        arguments: [
            ("X-A", " a"), ("X-A", "a "), ("X-A", "a\u{7}"), ("X-A", "a\u{7F}"), ("", "a"), ("X A", "a"),
            ("X:A", "a"), (":path", "a"), ("é", "a"),
        ])
    func invalidFields(name: String, value: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPField(checked: name, value) }
        #expect(error?.code == .invalidRequest)
    }

    @Test("Of a number sent twice the first counts")
    func integers() {
        let fields: HTTPFields = ["Upload-Offset": "5", "upload-offset": "6", "Upload-Length": "many"]
        #expect(fields.integer("Upload-Offset") == 5)
        #expect(fields.integer("Upload-Length") == nil && fields.integer("Age") == nil)
    }

    @Test("A secret prints as stars in every way")
    func secrets() {
        struct Holder { let key = Secret("hunter2") }
        var dumped = ""
        dump(Holder(), to: &dumped)
        let texts = ["\(Secret("hunter2"))", String(reflecting: Holder()), String(describing: Holder()), dumped]
        #expect(texts.allSatisfy { !$0.contains("hunter2") })
        #expect(texts[0] == "***")
    }
}
