// SPDX-License-Identifier: Apache-2.0

/// A service on one port.
protocol Service: Sendable {
    /// Acts on a request as the provider would.
    func respond(to request: Request, plan: JobPlan) async -> Reply

    /// The provider's body for a status, or `nil` where only a proxy would send it.
    func failure(_ status: Int, _ request: Request) -> Reply?

    /// The provider's failure by name, or `nil` when it has none of that name.
    func failure(named code: String, _ request: Request) -> Reply?

    /// A failure of this status with this message, in the provider's shape.
    func failure(_ status: Int, message: String) -> Reply
}

extension Service {
    /// The response that a fault puts in place of the provider's.
    func substitute(_ answer: SubstituteResponse, for request: Request) -> Reply {
        switch answer {
        case .status(let code):
            return failure(code, request) ?? .gateway(code)
        case .named(let code):
            let unknown = "the simulator knows no failure named \(code) here"
            return failure(named: code, request) ?? Reply(500, text: unknown, contentType: "text/plain")
        case .custom(let status, let contentType, let body):
            return Reply(status, text: body, contentType: contentType ?? "application/json")
        case .html(let status):
            return .gateway(status)
        case .empty(let status):
            return Reply(status, body: .bytes([]))
        case .wrongShape(let status):
            return Reply(status, json: [["unexpected": ["shape", 1, nil]], true])
        case .truncatedJSON(let status):
            let whole = (failure(status, request) ?? failure(status, message: Reply.reason(status))).bytes
            return Reply(
                status, ["Content-Type": "application/json"], body: .bytes(Array(whole.prefix(whole.count / 2))))
        case .huge(let status, let bytes):
            return failure(status, message: String(repeating: "x", count: max(0, bytes)))
        case .echoesKey(let status):
            let key = request.bearer ?? request.value("key") ?? "(none)"
            return failure(status, message: "Incorrect API key provided: \(key).")
        case .redirect(let status, let location):
            return Reply(status, ["Location": location], body: .bytes([]))
        }
    }
}
