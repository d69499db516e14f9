// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

#if os(Linux)
    @Suite struct UploadMemoryTests {
        @Test(
            "Memory does not grow with the file",
            .enabled(if: ProcessInfo.processInfo.environment["SNUG_SANITIZER"] == nil))
        func growth() throws {
            let small = try peak(mebibytes: 32)
            let large = try peak(mebibytes: 768)
            #expect(large < small + 2048, "\(small) KiB for 32 MiB, \(large) KiB for 768 MiB")
        }

        /// KiB resident at most while a sparse file is sent to a server that throws it away.
        private func peak(mebibytes: Int) throws -> Int {
            let place = try CommandFolder()
            let size = mebibytes << 20
            let server = try FaultServer { connection in
                while true {
                    let request = try connection.readHead()
                    guard request.method == "PUT" else {
                        try connection.respond(200, ["Content-Length": "\(size)"])
                        continue
                    }
                    if request.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
                    for _ in 0..<mebibytes { _ = try connection.read(1 << 20) }
                    try connection.respond(201)
                }
            }
            let result = try place.shell(
                """
                truncate -s \(mebibytes)M big
                "$SNUG" upload big --to \(server.url("/big")) --protocol put --state state --quiet > out &
                pid=$!
                while now=$(grep VmHWM /proc/$pid/status); do peak=$now; sleep 0.02; done
                wait $pid && echo $peak
                """)
            #expect(result.exitCode == 0, "\(result.standardError)")
            return try #require(Int(result.standardOutput.filter(\.isNumber)))
        }
    }
#endif
