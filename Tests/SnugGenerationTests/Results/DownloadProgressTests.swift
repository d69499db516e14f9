// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct DownloadProgressTests {
    private enum Step: Sendable {
        case status(Int)
        case cut(Int, status: Int = 200, tag: String? = nil)
        case lost
        case wrongRange
    }

    private func error(_ step: Step) throws -> HTTPError? {
        let url = try HTTPURL("https://h/x")
        func cut(_ code: HTTPError.Code, _ status: Int, _ tag: String?, _ bytes: Int) -> HTTPError {
            var head = HTTPResponse(status: .init(code: status))
            if let tag { head.headerFields["ETag"] = tag }
            let attempt = Attempt(
                number: 1, start: .zero, duration: .zero, bytesReceived: bytes, outcome: .responded, status: status)
            return HTTPError(
                code, "", outcome: .responded, response: ClientResponse(head: head, url: url), attempts: [attempt])
        }
        return switch step {
        case .status: nil
        case .cut(let bytes, let status, let tag): cut(.responseCut, status, tag, bytes)
        case .lost: HTTPError(.connectionLost, "")
        case .wrongRange: cut(.malformedResponse, 206, nil, 0)
        }
    }

    @Test(
        "Where the next attempt goes on",
        arguments: [
            ([.lost], 0, false, nil), ([.cut(100)], 100, true, nil), ([.cut(100, tag: "\"a\"")], 100, true, "\"a\""),
            ([.cut(100, tag: "W/\"a\"")], 100, true, nil), ([.cut(100), .cut(50, status: 206)], 150, true, nil),
            ([.cut(100), .lost], 100, true, nil),
            // The server sent the whole anew.
            ([.cut(100, tag: "\"a\""), .cut(30, tag: "\"b\"")], 30, true, "\"b\""),
            ([.cut(100), .status(416)], 0, false, nil), ([.cut(100), .wrongRange], 0, false, nil),
            ([.cut(100), .status(503)], 100, true, nil), ([.cut(7, status: 502)], 0, false, nil),
        ] as [([Step], Int, Bool, String?)])
    private func offsets(steps: [Step], offset: Int, wasResumed: Bool, validator: String?) throws {
        var progress = DownloadProgress(policy: RetryPolicy())
        for step in steps {
            if case .status(let status) = step { progress.failed(status) }
            if let error = try error(step) { progress.broke(error) }
        }
        #expect(progress.offset == offset && progress.wasResumed == wasResumed)
        #expect(progress.validator == validator)
    }

    @Test("Failures that bring nothing count, those that bring bytes go on at once, and there is an end")
    func waits() throws {
        var progress = DownloadProgress(policy: RetryPolicy(maximumAttempts: 3))
        progress.failed(503)
        #expect(progress.wait(hint: nil, random: 1) == .milliseconds(500))
        #expect(progress.wait(hint: .seconds(7), random: 1) == .seconds(7))
        #expect(progress.wait(hint: .seconds(847), random: 1) == nil)
        progress.failed(503)
        #expect(progress.wait(hint: nil, random: 1) == .seconds(1))
        let cut = try #require(try error(.cut(5)))
        progress.broke(cut)
        #expect(progress.wait(hint: nil, random: 1) == .zero)
        for _ in 0..<3 { progress.failed(500) }
        #expect(progress.wait(hint: nil, random: 1) == nil)
        var slow = DownloadProgress(policy: RetryPolicy())
        let next = try #require(try error(.cut(5, status: 206)))
        for _ in 0..<49 { slow.broke(next) }
        #expect(slow.wait(hint: nil, random: 1) == .zero)
        slow.broke(next)
        #expect(slow.wait(hint: nil, random: 1) == nil)
    }

    @Test("A download that begins anew and breaks at the same place each time makes no progress")
    func samePlace() throws {
        var progress = DownloadProgress(policy: RetryPolicy(maximumAttempts: 3))
        let cut = try #require(try error(.cut(100)))
        progress.broke(cut)
        #expect(progress.wait(hint: nil, random: 1) == .zero)
        progress.broke(cut)
        #expect(progress.wait(hint: nil, random: 1) == .milliseconds(500))
        for _ in 0..<2 { progress.broke(cut) }
        #expect(progress.wait(hint: nil, random: 1) == nil)
        // Beyond that place it is one again.
        progress.broke(try #require(try error(.cut(50, status: 206))))
        #expect(progress.wait(hint: nil, random: 1) == .zero)
    }

    @Test func oneAttemptIsOne() throws {
        var progress = DownloadProgress(policy: RetryPolicy(maximumAttempts: 1))
        progress.broke(try #require(try error(.cut(5))))
        #expect(progress.wait(hint: nil, random: 1) == nil)
    }
}
