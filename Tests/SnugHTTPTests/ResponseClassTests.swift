// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@Suite struct ResponseClassTests {
    @Test(
        "Each status has one class",
        arguments: [
            (.success, [200, 201, 202, 204, 206, 299]),
            (.transient, [408, 425, 429, 503]),
            (.unknown, [500, 502, 504, 520, 521, 522, 523, 524, 529]),
            (
                .definite,
                [
                    300, 301, 304, 307, 400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 415, 416, 417, 418, 422, 423,
                    424, 426, 451, 460, 499, 501, 505, 507, 511, 519, 525, 530, 599,
                ]
            ),
        ] as [(ResponseClass, [Int])])
    func statuses(expected: ResponseClass, codes: [Int]) {
        for code in codes { #expect(ResponseClass(status: .init(code: code)) == expected, "\(code)") }
    }

    private static let passing: [HTTPError.Code] = [
        .cannotResolve, .cannotConnect, .connectTimedOut, .tlsFailed, .connectionLost, .responseCut, .malformedResponse,
        .stalled, .attemptTimedOut, .transportFailed,
    ]

    @Test("A failure of the network is judged by how far the request got", arguments: passing)
    func passingFailures(code: HTTPError.Code) {
        func judged(_ outcome: Outcome, _ needsWholeBody: Bool = false) -> ResponseClass {
            ResponseClass(failure: code, outcome: outcome, needsWholeBody: needsWholeBody)
        }
        #expect(judged(.notSent) == .transient)
        #expect(judged(.partlySent) == .unknown && judged(.partlySent, true) == .transient)
        #expect(judged(.sentWithoutResponse) == .unknown && judged(.sentWithoutResponse, true) == .unknown)
        #expect(judged(.responded) == .unknown && judged(.responded, true) == .unknown)
    }

    @Test(
        "A failure of our own, or a final one, is definite however far the request got",
        arguments: [
            .invalidURL, .invalidRequest, .insecureScheme, .certificateRefused, .addressRefused, .deadlineExceeded,
            .responseTooLarge, .bodyFailed, .sinkFailed, .redirectRefused, .outOfMemory,
        ] as [HTTPError.Code], [.notSent, .partlySent, .sentWithoutResponse, .responded] as [Outcome])
    func definiteFailures(code: HTTPError.Code, outcome: Outcome) {
        #expect(ResponseClass(failure: code, outcome: outcome, needsWholeBody: true) == .definite)
    }

    @Test("An error after retries has the class of the status that the server kept answering with")
    func errors() throws {
        func error(_ status: HTTPResponse.Status) throws -> HTTPError {
            let response = ClientResponse(head: HTTPResponse(status: status), url: try HTTPURL("https://h/"))
            return HTTPError(.transientStatus, "", outcome: .responded, response: response)
        }
        let (overloaded, gateway) = (try error(503), try error(502))
        #expect(ResponseClass(overloaded) == .transient && ResponseClass(gateway) == .unknown)
        #expect(ResponseClass(HTTPError(.connectionLost, "", outcome: .partlySent)) == .unknown)
        #expect(ResponseClass(HTTPError(.connectionLost, "", outcome: .partlySent), needsWholeBody: true) == .transient)
    }

    @Test("Only overload asks for fewer requests")
    func slowDown() {
        let codes = (100...599).filter { ResponseClass.asksToSlowDown(.init(code: $0)) }
        #expect(codes == [429, 503, 529])
    }
}
