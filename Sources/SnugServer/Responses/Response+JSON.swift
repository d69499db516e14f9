// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import SnugSystem

extension Response {
    /// A JSON value on one line.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]) -> Response {
        var fields = fields
        fields[.contentType] = "application/json"
        return Response(
            status: status, headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(string: value.description + "\n")))
    }

    /// A text.
    static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// An error in the one shape that all have.
    init(_ error: ServiceError) {
        self = .json(error.json, status: error.status, fields: error.fields)
        headers[.snugError] = error.code
        if let wait = error.retryAfter { headers[.retryAfter] = String(Int((wait / .seconds(1)).rounded(.up))) }
        if error.closesConnection { headers[.connection] = "close" }
    }
}
