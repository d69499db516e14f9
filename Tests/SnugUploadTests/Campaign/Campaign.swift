// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Metrics
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

/// Many uploads over lines with faults: what arrived is compared, and what was left behind is looked for.
struct Campaign {
    /// Uploads for each place.
    var uploads: Int
    var seed: UInt64
    /// Bytes of the largest file.
    var largest: Int
    /// Faults for each upload, at most.
    var faults = 10

    /// A short one, unless the environment asks for more: `SNUG_CAMPAIGN_UPLOADS` uploads in all of up to
    /// `SNUG_CAMPAIGN_LARGEST` bytes, from the seed `SNUG_CAMPAIGN_SEED`.
    static var chosen: Campaign {
        let environment = ProcessInfo.processInfo.environment
        func number(_ name: String) -> Int? { environment["SNUG_CAMPAIGN_\(name)"].flatMap { Int($0) } }
        let uploads = number("UPLOADS") ?? 10 * Place.count
        return Campaign(
            uploads: max(1, uploads / Place.count), seed: UInt64(number("SEED") ?? 1),
            largest: number("LARGEST") ?? 4 << 20)
    }

    /// What a campaign came to.
    struct Tally: Sendable {
        var uploads = 0
        var faults: [LineFault: Int] = [:]
        var bytes = 0
        var bytesSent = 0
        /// Endings that say that nobody knows, where that is the truth.
        var unknown = 0

        var faultCount: Int { faults.values.reduce(0, +) }
    }

    /// Uploads to a place until all are done.
    func run(_ place: Place) async throws -> Tally {
        let start = ContinuousClock.now
        let tally = try await withThrowingTaskGroup(of: Tally.self) { group in
            var total = Tally()
            for number in 0..<uploads {
                if number >= place.concurrency, let one = try await group.next() { total.add(one) }
                group.addTask { try await upload(number, to: place) }
            }
            for try await one in group { total.add(one) }
            return total
        }
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        print(
            "campaign \(place.name), seed \(seed): \(tally.uploads) uploads, \(tally.faultCount) faults,",
            "\(tally.bytes >> 20) MiB, \(tally.bytesSent >> 20) MiB sent, \(tally.unknown) unknown, \(seconds) s",
            tally.faults.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" })
        return tally
    }

    private func upload(_ number: Int, to place: Place) async throws -> Tally {
        var random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(number))
        let sizes = log(Double(place.smallest))...log(Double(max(largest, place.smallest * 3 / 2)))
        let size = Int(exp(Double.random(in: sizes, using: &random)))
        let bytes = Self.content(size, seed: random.next())
        let folder = try ScratchFolder()
        let name = "object-\(number)"
        let file = try folder.file(bytes, named: name)

        var plan = FaultProxy.Plan(seed: random.next(), kinds: place.kinds)
        plan.chance = 0.9
        plan.maximum = faults
        plan.longestRun = faults
        plan.reach = size + 600
        // All the others would have to wait for it.
        if place.concurrency == 1 { plan.longestHang = 2000 }
        let proxy = try FaultProxy(to: place.port, plan)
        let context: Comment = "\(place.name) seed \(seed) upload \(number), \(size) bytes"

        var tally = Tally()
        let uploader = try await Self.uploader(folder)
        let target = try place.target(proxy.port, name)
        do {
            let receipt = try await uploader.upload(file, to: target, options: options(place))
            #expect(receipt.bytes == size, context)
            #expect(receipt.sha256 == Self.hash(bytes), context)
            tally.bytesSent = receipt.bytesSent
            try await place.expectStored(name, receipt, bytes, context)
        } catch let error as UploadError where error.code == .outcomeUnknown && place.mayNotKnow {
            tally.unknown = 1
            // As a person would: check, and send it again only where it is missing.
            if try await place.count(name, bytes) == 0 {
                _ = try await uploader.upload(file, to: place.target(place.port, name))
            }
            for record in try await uploader.pending() { try await uploader.forget(record) }
        } catch {
            Issue.record("\(context): \(error) after \(proxy.events)")
        }
        #expect(try await uploader.pending().isEmpty, context)
        #expect(try await place.count(name, bytes) == 1, context)
        proxy.stop()
        tally.uploads = 1
        tally.bytes = size
        for event in proxy.events { tally.faults[event.fault, default: 0] += 1 }
        return tally
    }

    /// Clocks short enough that hangs are noticed soon, patience for more failures in a row than there are faults.
    private func options(_ place: Place) -> UploadOptions {
        var options = UploadOptions()
        options.stallTimeout = .seconds(1.5)
        options.attemptTimeout = place.attemptTimeout
        options.attemptsWithoutProgress = 60
        options.chunkSize = 256 << 10
        options.parallelism = place.parallelism
        return options
    }

    private static func uploader(_ folder: ScratchFolder) async throws -> Uploader {
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        var environment = RetryEnvironment()
        environment.sleep = { try await Task.sleep(for: min($0, .milliseconds(50))) }
        return Uploader(
            client: try HTTPClient(
                configuration: configuration, logger: quietLogger, metrics: NOOPMetricsHandler.instance),
            store: try await folder.uploadStore(), logger: quietLogger, environment: environment)
    }

    private static func content(_ size: Int, seed: UInt64) -> [UInt8] {
        var bytes = Array(pattern(size + 65_536).dropFirst(Int(seed % 65_521)).prefix(size))
        // Unique, so that a copy under another name would be found.
        for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: seed >> UInt64(8 * index)) }
        return bytes
    }

    static func hash(_ bytes: [UInt8]) -> String { MessageDigest.sha256(bytes).hexadecimal }
}

extension Campaign.Tally {
    mutating func add(_ other: Self) {
        uploads += other.uploads
        faults.merge(other.faults, uniquingKeysWith: +)
        bytes += other.bytes
        bytesSent += other.bytesSent
        unknown += other.unknown
    }
}

/// A server to send to, and how to look at what it has.
struct Place: Sendable {
    static let count = 8

    var name: String
    var port: Int
    /// Faults that the protocol can survive: inverted bits only where it has a checksum.
    var kinds: [LineFault]
    /// Whether an ending may be unknown, because the protocol has no way to ask.
    var mayNotKnow = false
    /// Uploads under way at once: one for a server with one thread, which a connection that hangs would block for all.
    var concurrency = 5
    /// Longer where a request that was given up and that the server works on all the same changes the outcome.
    var attemptTimeout = Duration.seconds(3)
    /// Pieces of each upload that are under way at once.
    var parallelism: Int?
    /// Bytes of the smallest file.
    var smallest = 1024
    var target: @Sendable (_ port: Int, _ name: String) throws -> UploadTarget
    /// What is stored under a name; `nil` when nothing is.
    var stored: @Sendable (_ name: String, _ receipt: UploadReceipt) async throws -> [UInt8]?
    /// How many objects have that name, or that content where the server gives names of its own.
    var count: @Sendable (_ name: String, _ bytes: [UInt8]) async throws -> Int
    /// What is there that is no object: unfinished uploads with bytes in them.
    var leftovers: @Sendable () async throws -> [String]

    static let lossy = LineFault.allCases.filter { $0 != .flip } + [.resetSending, .swallowAnswer]
    static let damaging = LineFault.allCases + [.flip, .resetSending, .swallowAnswer]

    func expectStored(
        _ name: String, _ receipt: UploadReceipt, _ bytes: [UInt8], _ context: Comment
    ) async throws {
        let found = try #require(try await stored(name, receipt), context)
        // Compared here, because printing megabytes helps nobody.
        let isSame = found == bytes
        #expect(isSame, "\(context): \(found.count) bytes stored are not those sent")
    }
}
