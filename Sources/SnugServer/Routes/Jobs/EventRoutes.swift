// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import SnugLedger
import SnugPipeline
import SnugSystem

/// `GET /v1/events`: the counts of each folder, how it is watched, and the pauses, as they change.
struct EventRoutes: Sendable {
    let ledger: any LedgerStore
    /// The daemon that watches the folders; `nil` where there is none.
    let daemon: Daemon?
    let readiness: Readiness
    /// Time between two looks at the ledger.
    let period: Duration

    /// Sends the state, and again whenever it has changed, until the client or the server ends.
    @Sendable func events(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (ledger, daemon, readiness, period) = (ledger, daemon, readiness, period)
        // A ledger that cannot be read is an error with a status, not an empty stream.
        _ = try await Self.state(ledger, daemon)
        let watch = try await ConnectionGuard.watch(of: context.channel)
        let lastID = request.headers[.known("Last-Event-ID")]
        let body = ResponseBody { writer in
            var stream = EventStream(after: lastID)
            while !watch.isClosed, !readiness.isDraining {
                let state = try await Self.state(ledger, daemon)
                if let text = stream.text(for: state, event: "state", now: .now) {
                    try await writer.write(ByteBuffer(string: text))
                }
                try await Task.sleep(for: period)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream"], body: body)
    }

    /// The counts and pauses as JSON, and the folders of a daemon.
    static func state(_ ledger: any LedgerStore, _ daemon: Daemon?) async throws -> JSONValue {
        let books = try await ledger.books().sorted { $0.key < $1.key }
        var value: JSONValue = [
            "books": .array(books.map { $0.value.json(folder: $0.key) }),
            "holds": .array(try await ledger.holds().map(\.json)),
        ]
        if let daemon { value.append("daemon", try await daemon.status().json) }
        return value
    }
}
