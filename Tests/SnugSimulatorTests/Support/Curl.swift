// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage

@testable import SnugSimulator

/// Runs curl, so that what a test sees is what libcurl makes of the simulator.
struct Curl {
    struct Response {
        /// 0, or curl's error number: 7 refused, 18 partial, 28 timed out, 52 empty reply, 56 reset …
        var exit: Int32
        /// The last status, 0 without one.
        var status: Int
        var headers: Headers
        var body: [UInt8]
        var connects: Int
        var uploaded: Int

        var json: JSON? { JSON.parse(body) }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Seconds after which curl gives up.
    var timeout: Double = 60

    /// One request, or the same to several URLs on one connection where the server lets it be reused.
    func run(_ arguments: [String], body: [UInt8]? = nil) async throws -> Response {
        let folder = FileManager.default.temporaryDirectory.appending(path: "snug-simulator-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var all = [
            "-sS", "-q", "--max-time", "\(timeout)", "-D", "headers", "-w",
            "%{http_code} %{num_connects} %{size_upload}\n",
        ]
        all += ["-o", "body", "-o", "body2"]
        if let body {
            try Data(body).write(to: folder.appending(path: "sent"))
            all += ["--data-binary", "@sent"]
        }
        let place = FilePath(folder.path())
        let command = ["/usr/bin/env", "curl"] + all + arguments
        let exit = try await onThread {
            try ChildProcess(command, folder: place, output: place.appending("output")).wait()
        }
        let output = try String(contentsOf: folder.appending(path: "output"), encoding: .utf8)
        let numbers = output.split(separator: "\n").last?.split(separator: " ").compactMap { Int($0) } ?? []
        let head = try? String(contentsOf: folder.appending(path: "headers"), encoding: .utf8)
        let received = try? Data(contentsOf: folder.appending(path: "body"))
        return Response(
            exit: exit, status: numbers.first ?? 0, headers: Self.lastBlock(head ?? ""),
            body: received.map { Array($0) } ?? [],
            connects: numbers.count > 1 ? numbers[1] : 0, uploaded: numbers.count > 2 ? numbers[2] : 0)
    }

    /// The headers of the last response: interim ones and redirects come before it.
    private static func lastBlock(_ text: String) -> Headers {
        let block = text.split(separator: "\r\n\r\n").last ?? ""
        return Headers(
            block.split(separator: "\r\n").dropFirst().compactMap { line in
                let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2 else { return nil }
                return Headers.Field(name: String(sides[0]), value: String(sides[1]).trimmedBlanks)
            })
    }
}
