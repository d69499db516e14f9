// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

/// A proxy that others wrote, before an origin of the test's.
struct RealProxy: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case nginx, haproxy, caddy
        case apache = "apache-proxy"

        /// Which of its ports does what; see `Tests/servers/proxies.sh`.
        var pass: Int { [.nginx: 3, .haproxy: 6, .apache: 0, .caddy: 1][self] ?? 0 }
        /// Gives an origin one second to answer.
        var gateway: Int { [.nginx: 5, .haproxy: 2, .apache: 2, .caddy: 2][self] ?? 0 }
        /// What it says then.
        var gatewayStatus: Int { self == .apache ? 502 : 504 }
        /// Has nothing behind it.
        var dead: Int { [.nginx: 2, .haproxy: 3, .apache: 3, .caddy: 3][self] ?? 0 }
        /// What it says of an origin that is not there.
        var deadStatus: Int { self == .nginx || self == .caddy ? 502 : 503 }
        fileprivate var portCount: Int { self == .nginx ? 11 : 9 }
    }

    /// One request that it has ended, as its log tells.
    struct Entry: Hashable {
        var method: String
        var status: Int
    }

    let kind: Kind
    let server: RealServer

    init(_ kind: Kind, before origin: Int) async throws {
        self.kind = kind
        server = try await startServer(
            kind.rawValue, portCount: kind.portCount, environment: ["UPSTREAM": "127.0.0.1:\(origin)"],
            portOffset: kind.dead)
    }

    func url(_ path: String, port: Int) throws -> HTTPURL { try HTTPURL(server.url(path, port: port)) }

    var entries: [Entry] {
        switch kind {
        case .caddy: server.accessLog.compactMap(Self.caddyEntry)
        case .haproxy: server.log.split(separator: "\n").compactMap(Self.entry)
        case .nginx, .apache: server.accessLog.compactMap(Self.entry)
        }
    }

    /// Requests that ended with a status; those of other methods only prepare them.
    func count(_ status: Int, of methods: Set<String> = ["PATCH", "PUT", "POST"]) -> Int {
        entries.filter { $0.status == status && methods.contains($0.method) }.count
    }

    /// Expects it to have given a response so many times. Proxies write their logs a moment after the response is out.
    func waitFor(_ status: Int, times: Int, of methods: Set<String> = ["PATCH", "PUT", "POST"]) async throws {
        for _ in 0..<1200 where count(status, of: methods) < times { try await Task.sleep(for: .milliseconds(50)) }
        #expect(count(status, of: methods) == times)
    }

    /// How often it has given a response, once its log says nothing new about that.
    func settledCount(_ status: Int) async throws -> Int {
        var known = count(status)
        while true {
            try await Task.sleep(for: .seconds(1))
            let next = count(status)
            if next == known { return known }
            known = next
        }
    }

    /// Waits until it has given a response.
    func waitFor(_ status: Int) async throws {
        for _ in 0..<1200 {
            if entries.contains(where: { $0.status == status && $0.method != "GET" }) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("\(kind) never answered \(status)")
    }

    /// "port METHOD status path".
    private static func entry(_ line: Substring) -> Entry? {
        let words = line.split(separator: " ")
        guard words.count >= 3, let status = Int(words[2]) else { return nil }
        return Entry(method: String(words[1]), status: status)
    }

    private static func caddyEntry(_ line: Substring) -> Entry? {
        struct Line: Decodable {
            struct Request: Decodable { var method: String }
            var request: Request
            var status: Int
        }
        // Lines about the server itself have another form.
        let parsed = try? JSONDecoder().decode(Line.self, from: Data(line.utf8))
        return parsed.map { Entry(method: $0.request.method, status: $0.status) }
    }
}

/// A tus server of the resumable-upload package, and what it has stored.
struct TusOrigin: Sendable {
    let server: RealServer
    init() async throws { server = try await startServer("resumable-upload", ready: "/files") }

    /// The content of each upload, finished or not.
    func stored() throws -> [[UInt8]] {
        let folder = server.folder.appending(component: "uploads")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path())
            .filter { !$0.contains(".db") && !$0.hasSuffix(".lock") }
            .map { [UInt8](try Data(contentsOf: folder.appending(component: $0))) }
    }

    /// Exactly one object, equal to what was sent. Compared here, because printing megabytes helps nobody.
    func expectOnly(_ bytes: [UInt8]..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found = try stored()
        let isSame = found.count == bytes.count && bytes.allSatisfy(found.contains)
        #expect(isSame, "\(found.map(\.count)) bytes stored", sourceLocation: sourceLocation)
    }
}

/// Apache's WebDAV as the origin of plain PUTs.
struct DavOrigin: Sendable {
    let server: RealServer
    init() async throws { server = try await startServer("apache", portCount: 2) }

    func stored() throws -> [String: [UInt8]] {
        let folder = server.folder.appending(component: "dav")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter { !$0.hasPrefix(".") }
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, [UInt8](try Data(contentsOf: folder.appending(component: $0)))) })
    }
}

/// Starts an upload and returns once so many bytes of it are on their way.
/// - Parameter act: Done at that moment on the network's thread, so that no further byte leaves before it.
func begin(
    _ uploader: Uploader, _ file: FilePath, to target: UploadTarget, options: UploadOptions, after bytes: Int,
    then act: @escaping @Sendable () -> Void = {}
) async -> Task<UploadReceipt, any Error> {
    let progress = AsyncStream<Void>.makeStream()
    let isReached = Mutex(false)
    var options = options
    options.onProgress = {
        guard $0.bytesSent >= bytes else { return }
        let isFirst = isReached.withLock { isReached in
            defer { isReached = true }
            return !isReached
        }
        guard isFirst else { return }
        act()
        progress.continuation.finish()
    }
    let chosen = options
    let task = Task {
        defer { progress.continuation.finish() }
        return try await uploader.upload(file, to: target, options: chosen)
    }
    for await _ in progress.stream {}
    return task
}
