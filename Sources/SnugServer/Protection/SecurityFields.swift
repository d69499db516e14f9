// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird

/// Header fields that keep browsers from doing anything with a response that was not meant.
enum SecurityFields {
    /// Content of responses that are not the page: nothing in them may run.
    static let contentPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

    private static let fields: [(HTTPField.Name, String)] = [
        (.xContentTypeOptions, "nosniff"), (.known("X-Frame-Options"), "DENY"),
        (.known("Referrer-Policy"), "no-referrer"), (.known("Cross-Origin-Resource-Policy"), "same-origin"),
        (.known("Cross-Origin-Opener-Policy"), "same-origin"), (.contentSecurityPolicy, contentPolicy),
        (.cacheControl, "no-store"),
    ]

    /// Adds the fields that a response does not have.
    static func add(to response: inout Response) {
        for (name, value) in fields where response.headers[name] == nil { response.headers[name] = value }
    }
}
