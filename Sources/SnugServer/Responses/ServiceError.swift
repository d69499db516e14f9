// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugPipeline
import SnugSystem

/// A failure as a client sees it: a status, a stable code, a text with the remedy, and values for programs.
struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The status, which tells whose fault it is.
    var status: HTTPResponse.Status
    /// A stable name: snake_case.
    var code: String
    /// A text for people: the problem with its values, then the remedy.
    var message: String
    /// The values of the message.
    var details: JSONValue = [:]
    /// When to try again, where that can be told.
    var retryAfter: Duration?
    /// Further header fields.
    var fields: HTTPFields = [:]
    /// True where the rest of the request's body is not worth reading.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, details: JSONValue = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    /// The text for people.
    var description: String { message }

    /// The error in the one shape that all responses have.
    var json: JSONValue {
        ["error": .text(code), "message": .text(message), "details": details]
    }

    /// A parameter that cannot be used.
    static func invalidParameter(_ name: String, _ problem: String) -> ServiceError {
        ServiceError(
            .badRequest, "invalid_parameter", "'\(name)': \(problem)", details: ["parameter": .text(name)])
    }

    /// A parameter that is given twice where one value is meant.
    static func repeatedParameter(_ name: String) -> ServiceError {
        invalidParameter(PrintableName.escaped(String(name.prefix(64))), "is given more than once; give it once")
    }

    /// A parameter that nothing is known of, with the nearest one that is.
    static func unknownParameter(_ name: String, among names: [String]) -> ServiceError {
        let shown = PrintableName.escaped(String(name.prefix(64)))
        let nearest = NearestName.of(name, among: names)
        let known = names.isEmpty ? "This address takes none." : "Known are \(names.joined(separator: ", "))."
        return ServiceError(
            .badRequest, "unknown_parameter",
            "'\(shown)' is no parameter. "
                + (nearest.map { "Did you mean '\($0)'?" } ?? known),
            details: ["parameter": .text(shown), "nearest": .optional(nearest)])
    }
}

extension HTTPField.Name {
    /// The code of an error, for logs of proxies.
    static let snugError = known("Snug-Error")
    /// Times of a request's phases (W3C Server Timing).
    static let serverTiming = known("Server-Timing")

    /// A name that is written in the code.
    static func known(_ name: StaticString) -> HTTPField.Name {
        guard let field = HTTPField.Name(name.description) else { preconditionFailure("no field name: \(name)") }
        return field
    }
}
