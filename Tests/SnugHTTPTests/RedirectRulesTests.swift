// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

/// The rules of redirects, without a network.
@Suite struct RedirectRulesTests {
    private func redirected(
        _ method: HTTPRequest.Method, from: String = "https://h/a/b", to location: String?, status: Int,
        fields: HTTPFields = ["Content-Type": "text/plain", "X-Key": "k", "Accept": "image/png"], body: HTTPBody? = nil
    ) throws -> ClientRequest? {
        let request = ClientRequest(method, try HTTPURL(from), headerFields: fields, body: body)
        var response = HTTPResponse(status: .init(code: status))
        response.headerFields["Location"] = location
        return try request.redirected(by: ClientResponse(head: response, url: request.url))
    }

    @Test("Only the five statuses with a Location are redirects", arguments: [200, 201, 300, 304, 305, 306, 309, 404])
    func others(status: Int) throws { #expect(try redirected("GET", to: "/c", status: status) == nil) }

    @Test("A redirect without a Location is none", arguments: [301, 302, 303, 307, 308])
    func withoutLocation(status: Int) throws { #expect(try redirected("GET", to: nil, status: status) == nil) }

    @Test(
        "The method changes to GET where the result is to be fetched",
        arguments: [
            ("GET", 301, "GET"), ("GET", 303, "GET"), ("GET", 307, "GET"), ("HEAD", 302, "HEAD"), ("HEAD", 303, "HEAD"),
            ("POST", 301, "GET"), ("POST", 302, "GET"), ("POST", 303, "GET"), ("POST", 307, "POST"),
            ("POST", 308, "POST"), ("PUT", 303, "GET"), ("PUT", 308, "PUT"), ("DELETE", 302, "GET"),
        ] as [(HTTPRequest.Method, Int, HTTPRequest.Method)])
    func methods(method: HTTPRequest.Method, status: Int, expected: HTTPRequest.Method) throws {
        let body = method == .get || method == .head ? nil : HTTPBody(bytes: [1])
        let next = try #require(try redirected(method, to: "/c", status: status, body: body))
        #expect(next.method == expected && next.url.text == "https://h/c")
        let keepsBody = body != nil && method == expected
        #expect((next.body != nil) == keepsBody)
        #expect((next.headerFields["Content-Type"] == nil) == (method != expected))
        #expect(next.headerFields["X-Key"] == "k")
    }

    @Test(
        "Another scheme, host or port is another origin, which gets no credentials",
        arguments: ["https://other/c", "https://h:444/c", "https://h.evil/c", "//other/c"])
    func origins(location: String) throws {
        let next = try #require(try redirected("GET", to: location, status: 302))
        #expect(next.headerFields == ["Accept": "image/png"])
    }

    @Test(
        "The same origin in another spelling keeps its fields",
        arguments: ["https://H/c", "https://h:443/c", "c", "?x"])
    func sameOrigin(location: String) throws {
        #expect(try redirected("GET", to: location, status: 302)?.headerFields["X-Key"] == "k")
    }

    @Test("A secret is not taken to another origin, whatever its name")
    func secrets() throws {
        var fields: HTTPFields = ["Accept-Language": "en"]
        try fields.set("Accept", secret: Secret("hunter2"))
        let next = try redirected("GET", to: "https://other/", status: 302, fields: fields)
        #expect(next?.headerFields == ["Accept-Language": "en"])
    }

    @Test(
        "A redirect that would disclose something is refused",
        arguments: [("GET", "http://h/c", 302), ("GET", "http://other/c", 307), ("POST", "https://other/c", 307)]
            as [(HTTPRequest.Method, String, Int)])
    func refusals(method: HTTPRequest.Method, location: String, status: Int) {
        let body = method == .post ? HTTPBody(bytes: [1]) : nil
        let error = #expect(throws: HTTPError.self) {
            try redirected(method, to: location, status: status, body: body)
        }
        #expect(error?.code == .redirectRefused && error?.outcome == .responded)
    }

    @Test("A Location that is no http address is refused", arguments: ["ftp://h/c", "https://u:p@h/c", "http:///c"])
    func locations(location: String) {
        let error = #expect(throws: HTTPError.self) { try redirected("GET", to: location, status: 302) }
        #expect(error?.code == .invalidURL)
    }
}
