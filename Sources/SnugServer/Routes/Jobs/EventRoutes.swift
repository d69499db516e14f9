// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import SnugLedger
import SnugPipeline
import SnugSystem

/// `GET /v1/events`: the counts of each folder and the pauses, as they change.
struct EventRoutes: Sendable {
    let ledger: any LedgerStore
    let readiness: Readiness
    /// Time between two looks at the ledger.
    let period: Duration

    /// Sends the state, and again whenever it has changed, until the client or the server ends.
    @Sendable func events(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (ledger, readiness, period) = (ledger, readiness, period)
        // A ledger that cannot be read is an error with a status, not an empty stream.
        _ = try await Self.state(ledger)
        let watch = try await ConnectionGuard.watch(of: context.channel)
        let lastID = request.headers[.known("Last-Event-ID")]
        let body = ResponseBody { writer in
            var stream = EventStream(after: lastID)
            while !watch.isClosed, !readiness.isDraining {
                let state = try await Self.state(ledger)
                if let text = stream.text(for: state, event: "state", now: .now) {
                    try await writer.write(ByteBuffer(string: text))
                }
                try await Task.sleep(for: period)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream"], body: body)
    }

    /// The counts and pauses as JSON.
    static func state(_ ledger: any LedgerStore) async throws -> JSONValue {
        let books = try await ledger.books().sorted { $0.key < $1.key }
        return [
            "books": .array(books.map { $0.value.json(folder: $0.key) }),
            "holds": .array(try await ledger.holds().map(\.json)),
        ]
    }
}
