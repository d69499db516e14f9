// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import Testing

@testable import SnugGeneration

/// A way in which a response gets lost.
struct Loss: Sendable, CustomTestStringConvertible {
    var name: String
    var fault = Fault()
    /// Trouble before the request is read.
    var connection: ConnectionFault?
    /// Whether the provider acts all the same.
    var takesEffect = false
    /// Whether only the client's own clock ends it.
    var isStall = false
    /// Whether all of the response is there, and only the end of its transfer is missing: JSON tells that itself.
    var isWholeAsJSON = false

    var testDescription: String { name + (takesEffect ? ", charged" : "") }

    private static func lost(_ name: String, _ fault: RequestFault, isStall: Bool = false) -> [Loss] {
        [false, true].map { effect in
            Loss(
                name: name, fault: Fault(request: fault, takesEffect: effect), takesEffect: effect, isStall: isStall)
        }
    }

    private static func spoilt(
        _ name: String, _ fault: DeliveryFault, isStall: Bool = false, isWholeAsJSON: Bool = false
    ) -> Loss {
        Loss(
            name: name, fault: Fault(delivery: fault), takesEffect: true, isStall: isStall,
            isWholeAsJSON: isWholeAsJSON)
    }

    private static func replied(_ status: Int) -> [Loss] {
        [false, true].map { effect in
            Loss(
                name: "\(status) of a proxy", fault: Fault(answer: .html(status: status), takesEffect: effect),
                takesEffect: effect)
        }
    }

    /// The response never begins.
    static let beforeAnswer: [Loss] =
        [
            Loss(name: "connection accepted and never read", connection: .neverRead, isStall: true),
            Loss(name: "headers read, then silence", fault: Fault(request: .stallAfterHeaders), isStall: true),
        ]
        + lost("closed after the body", .closeAfterBody) + lost("reset after the body", .resetAfterBody)
        + lost("silence after the body", .stallAfterBody, isStall: true)

    /// The response begins and does not end.
    static let withinAnswer: [Loss] = [
        spoilt("silence in the response's headers", .stallInHeaders, isStall: true),
        spoilt("closed after the response's headers", .closeAfter(bytes: 0)),
        spoilt("closed within the response", .closeAfter(bytes: 60)),
        spoilt("reset within the response", .resetAfter(bytes: 60)),
        spoilt("silence within the response", .stallAfter(bytes: 60), isStall: true),
        spoilt("chunks without an end, then closed", .chunkedWithoutEnd(thenClose: true), isWholeAsJSON: true),
        spoilt("chunks without an end, then silence", .chunkedWithoutEnd(thenClose: false), isStall: true),
        spoilt("longer by its length than it is", .contentLength(offBy: 5), isWholeAsJSON: true),
        spoilt("shorter by its length than it is", .contentLength(offBy: -5)),
        spoilt("a gzip bomb", .gzipBomb(unpackedBytes: 50_000_000)),
        Loss(
            name: "an empty response", fault: Fault(answer: .empty(status: 200), takesEffect: true), takesEffect: true),
        Loss(
            name: "a page as the response", fault: Fault(answer: .html(status: 200), takesEffect: true),
            takesEffect: true
        ),
        Loss(
            name: "half the response's JSON", fault: Fault(answer: .truncatedJSON(status: 200), takesEffect: true),
            takesEffect: true),
    ]

    /// Somebody on the way answers for the provider.
    static let byProxy: [Loss] = [408, 499, 500, 502, 504, 520, 522, 524].flatMap(replied)

    static let all = beforeAnswer + withinAnswer + byProxy
}

/// How a lost response may end.
enum Ending: Sendable, Equatable {
    case delivered
    /// For a person to decide.
    case held

    /// What each promise makes of a loss.
    init(_ contract: RepeatContract, _ loss: Loss) {
        // Pollinations answers with the image itself.
        if loss.isWholeAsJSON, contract != .join {
            self = .delivered
            return
        }
        switch contract {
        case .join, .replay: self = .delivered
        case .history: self = loss.takesEffect ? .delivered : .held
        case .rejectDuplicate: self = loss.takesEffect ? .held : .delivered
        case .none: self = .held
        }
    }
}
