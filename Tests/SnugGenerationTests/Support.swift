// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Metrics
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Metrics that go nowhere.
let noMetrics: any MetricsFactory = NOOPMetricsHandler.instance
let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func makeClient(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    change(&configuration)
    return try HTTPClient(configuration: configuration, logger: quietLogger, metrics: noMetrics)
}

extension FaultServer {
    func address(_ path: String = "/") throws -> HTTPURL { try HTTPURL(url(path)) }
}

/// Tells threads apart.
enum ThreadName {
    static var current: UInt { UInt(bitPattern: pthread_self().hashValue) }
}

/// Lets few simulators run at a time: each has a score of ports.
actor Bench {
    static let shared = Bench(places: 8)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { free = places }

    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// Runs `body` with a simulator of its own once there is a place for it.
func withSimulator<Result>(
    _ configuration: Simulator.Configuration = Simulator.Configuration(), _ body: (Simulator) async throws -> Result
) async throws -> Result {
    await Bench.shared.enter()
    do {
        let result = try await Simulator.with(configuration, body)
        await Bench.shared.leave()
        return result
    } catch {
        await Bench.shared.leave()
        throw error
    }
}

/// Bytes that differ from place to place and begin as a PNG does.
func pictureBytes(_ count: Int) -> [UInt8] {
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    return signature + (0..<max(0, count - 8)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8) &* 7) }
}

/// A file's bytes.
func bytes(of path: FilePath) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path.string)))
}

extension [UInt8] {
    var base64: String { Data(self).base64EncodedString() }

    /// In pieces of so many bytes.
    func pieces(of count: Int) -> [[UInt8]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}

/// Names in a folder.
func listing(_ folder: FilePath) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted()
}
