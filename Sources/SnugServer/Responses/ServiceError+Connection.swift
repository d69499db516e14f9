// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

extension ServiceError {
    /// The response to a body that drips.
    static let tooSlow = ServiceError(
        .requestTimeout, "too_slow",
        "the body comes more slowly than this server waits for; send it again over a faster connection")

    /// The end of a request whose client has gone. Nobody reads it; metrics and logs tell it from a fault.
    static let clientGone = ServiceError(
        HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "client_gone",
        "the client closed the connection")
}
