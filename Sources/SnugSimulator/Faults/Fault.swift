// SPDX-License-Identifier: Apache-2.0

/// The faults of one request.
///
/// The parts combine: a response that replaces the provider's, hints and headers added to it, trouble while the request is
/// read, trouble while the response is sent. An empty fault changes nothing.
public struct Fault: Sendable, Hashable {
    /// True when the provider acts on the request although its own response is replaced or lost.
    ///
    /// Default `false`: with ``answer`` or a ``request`` fault nothing is generated or charged. `true` is the expensive
    /// case, where the image is made and paid for and the client does not learn of it. Without either the provider
    /// always acts.
    public var takesEffect: Bool
    /// A response in place of the provider's own.
    public var answer: SubstituteResponse?
    /// Wait hints added to the response, in its headers or its JSON body.
    public var hints: [WaitHint]
    /// Header fields added to the response, replacing fields of the same name.
    public var headers: Headers
    /// Trouble while the request is read.
    public var request: RequestFault?
    /// Trouble while the response is sent.
    public var delivery: DeliveryFault?
    /// Milliseconds between reading the request and answering it.
    public var delay: Int
    /// The course of a generation that this request starts.
    public var job: JobPlan?

    /// A fault; by default one that changes nothing.
    public init(
        answer: SubstituteResponse? = nil, hints: [WaitHint] = [], headers: Headers = [:], request: RequestFault? = nil,
        delivery: DeliveryFault? = nil, delay: Int = 0, job: JobPlan? = nil, takesEffect: Bool = false
    ) {
        self.takesEffect = takesEffect
        self.answer = answer
        self.hints = hints
        self.headers = headers
        self.request = request
        self.delivery = delivery
        self.delay = delay
        self.job = job
    }

    /// True when the provider acts on a request that meets this fault.
    var lettingProviderAct: Bool {
        if takesEffect { return true }
        return answer == nil && request?.hidesTheRequest != true
    }
}

extension Fault: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case takesEffect, answer, hints, headers, request, delivery, delay, job
    }

    /// From JSON; every member may be left out, unknown ones are refused, so that a misspelt script does not pass.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownMembers(besides: Key.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            answer: try values.decodeIfPresent(SubstituteResponse.self, forKey: .answer),
            hints: try values.decodeIfPresent([WaitHint].self, forKey: .hints) ?? [],
            headers: try values.decodeIfPresent(Headers.self, forKey: .headers) ?? [:],
            request: try values.decodeIfPresent(RequestFault.self, forKey: .request),
            delivery: try values.decodeIfPresent(DeliveryFault.self, forKey: .delivery),
            delay: try values.decodeIfPresent(Int.self, forKey: .delay) ?? 0,
            job: try values.decodeIfPresent(JobPlan.self, forKey: .job),
            takesEffect: try values.decodeIfPresent(Bool.self, forKey: .takesEffect) ?? false)
    }
}

/// A key of any name.
struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Throws when the JSON object has members outside `known`.
    func refuseUnknownMembers(besides known: [String]) throws {
        let members = try container(keyedBy: AnyKey.self).allKeys
        if let stranger = members.first(where: { !known.contains($0.stringValue) }) {
            let message = "unknown member '\(stranger.stringValue)'; known are \(known.joined(separator: ", "))"
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: message))
        }
    }
}
