// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization

/// A form's action: keeps each complete multipart body's file by the name it came with.
final class FormSink: Sendable {
    private let kept = Mutex<[(name: String, bytes: [UInt8])]>([])
    private let box = Mutex<FaultServer?>(nil)

    init() throws {
        let server = try FaultServer { [weak self] connection in
            while let self {
                var request = try connection.readHead()
                if request.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
                request.body = try connection.read(Int(request.headers["content-length"] ?? "0") ?? 0)
                self.keep(request)
                try connection.respond(201)
            }
        }
        box.withLock { $0 = server }
    }

    var port: Int { box.withLock { $0?.port ?? 0 } }
    var files: [(name: String, bytes: [UInt8])] { kept.withLock { $0 } }

    private func keep(_ request: FaultServer.Request) {
        let boundary = request.headers["content-type"]?.components(after: "boundary=") ?? ""
        guard let headEnd = request.body.firstRange(of: [13, 10, 13, 10]),
            let name = String(decoding: request.body[..<headEnd.lowerBound], as: UTF8.self)
                .components(after: "filename=\"")?.split(separator: "\"").first,
            let tail = request.body.lastRange(of: Array("\r\n--\(boundary)--".utf8))
        else { return }
        let file = Array(request.body[headEnd.upperBound..<tail])
        kept.withLock { $0.append((String(name), file)) }
    }
}

extension String {
    fileprivate func components(after mark: String) -> String? {
        firstRange(of: mark).map { String(self[$0.upperBound...]) }
    }
}

extension [UInt8] {
    /// Where the last occurrence begins.
    fileprivate func lastRange(of pattern: [UInt8]) -> Int? {
        guard count >= pattern.count else { return nil }
        return (0...count - pattern.count).reversed().first { Array(self[$0..<$0 + pattern.count]) == pattern }
    }
}
