// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

#if os(Linux)
    @Suite struct ResponseMemoryTests {
        /// A line of what the system says about this process's memory, in bytes.
        private static func memory(_ name: String) throws -> Int {
            let status = String(decoding: try bytes(of: "/proc/self/status"), as: UTF8.self)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
            return try #require(line.split(separator: "\t").last?.split(separator: " ").first.flatMap { Int($0) })
                * 1024
        }

        private static let block = [UInt8](imageBytes(48_000))
        private static let blockCount = 1564

        /// One string of 100 MB in JSON.
        private static func serve(_ connection: FaultConnection) throws {
            let digits = Array(block.base64.utf8)
            _ = try connection.readRequest()
            let (head, tail) = ("{\"data\":[{\"b64_json\":\"", "\"}]}")
            let length = digits.count * blockCount + head.utf8.count + tail.utf8.count
            try connection.respond(200, ["Content-Type": "application/json", "Content-Length": "\(length)"])
            try connection.send(head)
            for _ in 0..<blockCount { try connection.send(digits) }
            try connection.send(tail)
        }

        @Test(
            "A response of 100 MB takes less than 20 MB of memory",
            .enabled(if: ProcessInfo.processInfo.environment["SNUG_SANITIZER"] == nil))
        func hundredMegabytes() async {
            await #expect(processExitsWith: .success) {
                let folder = try TemporaryFolder()
                let server = try FaultServer { try Self.serve($0) }
                let reader = ResponseReader(
                    client: try makeClient(), spoolDirectory: folder.path, threads: BlockingThreads(count: 4))
                // The most that there ever was begins anew.
                try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
                let before = try Self.memory("VmRSS")
                let response = try await reader.read(ClientRequest("POST", try server.address())).response
                let growth = try Self.memory("VmHWM") - before
                #expect(response.byteCount > 100_000_000 && growth < 20_000_000)
                #expect(response.images.map(\.byteCount) == [Self.block.count * Self.blockCount])
                #expect(response.text == Array(#"{"data":[{"b64_json":""}]}"#.utf8))
            }
        }
    }
#endif
