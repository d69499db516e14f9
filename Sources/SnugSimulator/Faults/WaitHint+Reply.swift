// SPDX-License-Identifier: Apache-2.0

extension WaitHint {
    /// The response with this hint in its headers or its JSON body.
    func added(to reply: Reply, clock: SimulatorClock) -> Reply {
        switch self {
        case .retryAfter(let text): return reply.adding(["Retry-After": text])
        case .retryAfterDate(let seconds): return reply.adding(["Retry-After": clock.httpDate(in: seconds)])
        case .retryAfterMilliseconds(let text): return reply.adding(["retry-after-ms": text])
        case .shouldRetry(let value): return reply.adding(["x-should-retry": value ? "true" : "false"])
        case .resetRequests(let text): return reply.adding(["x-ratelimit-reset-requests": text])
        case .resetHour(let seconds):
            return reply.adding(["X-RateLimit-Reset-Hour": String(clock.seconds + seconds)])
        case .bodyRetryAfter(let seconds): return reply.adding(member: "retry_after", .rounded(seconds))
        case .bodyRetryAfterSeconds(let seconds): return reply.adding(member: "retryAfterSeconds", .rounded(seconds))
        case .bodyRetryDelay(let text):
            let info: JSON = ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .text(text)]
            guard var error = JSON.parse(reply.bytes)?["error"]?.object else {
                return reply.adding(member: "error", ["details": [info]])
            }
            error["details"] = [info]
            return reply.adding(member: "error", .object(error))
        }
    }
}

extension JSON {
    /// An integer where the number is whole, as servers print it.
    static func rounded(_ value: Double) -> JSON { Int(exactly: value).map(JSON.integer) ?? .number(value) }
}

extension Reply {
    /// The response with one more top-level member; a body that is no JSON object becomes one.
    fileprivate func adding(member: String, _ value: JSON) -> Reply {
        var members = JSON.parse(bytes)?.object ?? [:]
        members[member] = value
        var copy = self
        copy.body = .bytes(JSON.object(members).bytes)
        copy.headers["Content-Type"] = "application/json"
        return copy
    }
}
