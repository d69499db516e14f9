// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

@testable import SnugSimulator

/// Runs curl, so that what a test sees is what libcurl makes of the simulator.
struct Curl {
    struct Answer {
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
    func run(_ arguments: [String], body: [UInt8]? = nil) async throws -> Answer {
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
        let (exit, output) = try await Self.launch(all + arguments, in: folder)
        let numbers = output.split(separator: "\n").last?.split(separator: " ").compactMap { Int($0) } ?? []
        let head = try? String(contentsOf: folder.appending(path: "headers"), encoding: .utf8)
        let received = try? Data(contentsOf: folder.appending(path: "body"))
        return Answer(
            exit: exit, status: numbers.first ?? 0, headers: Self.lastBlock(head ?? ""),
            body: received.map { Array($0) } ?? [],
            connects: numbers.count > 1 ? numbers[1] : 0, uploaded: numbers.count > 2 ? numbers[2] : 0)
    }

    private static func launch(_ arguments: [String], in folder: URL) async throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["curl"] + arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try starting.withLock { _ in try process.run() }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        let text = try output.fileHandleForReading.readToEnd().map { String(decoding: $0, as: UTF8.self) } ?? ""
        return (status, text)
    }

    /// Two processes started at once crash Foundation's `Process.run` on Linux.
    private static let starting = Mutex(())

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
