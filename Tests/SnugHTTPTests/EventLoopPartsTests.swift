// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

@Suite struct StallWatchTests {
    private let start = ContinuousClock.now

    @Test func nothingMovingWhileSendingRunsOut() {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(.sending, bytesMoved: 10, heldBack: false, now: start + .seconds(5))
        watch.observe(.sending, bytesMoved: 10, heldBack: false, now: start + .seconds(15))
        #expect(watch.expiry == start + .seconds(25))
    }

    @Test func waitingForTheServerNeverRunsOut() {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(.waiting, bytesMoved: 10, heldBack: false, now: start + .seconds(5))
        #expect(watch.expiry == nil)
    }

    @Test func ourOwnSlownessIsNotTheLines() {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(.sending, bytesMoved: 10, heldBack: false, now: start)
        watch.observe(.sending, bytesMoved: 10, heldBack: true, now: start + .seconds(100))
        #expect(watch.expiry == start + .seconds(120))
    }

    @Test func theTimeUntilOurSideGoesOnIsNotTheLinesEither() {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(.sending, bytesMoved: 10, heldBack: true, now: start)
        watch.resume(now: start + .seconds(100))
        watch.observe(.sending, bytesMoved: 10, heldBack: false, now: start + .seconds(101))
        #expect(watch.expiry == start + .seconds(120))
    }

    @Test func aByteOrANewPhaseStartsAnew() {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(.sending, bytesMoved: 10, heldBack: false, now: start)
        watch.observe(.sending, bytesMoved: 11, heldBack: false, now: start + .seconds(19))
        #expect(watch.expiry == start + .seconds(39))
        watch.observe(.receiving, bytesMoved: 11, heldBack: false, now: start + .seconds(30))
        #expect(watch.expiry == start + .seconds(50))
    }
}

@Suite struct HeaderParserTests {
    private func parse(_ text: String) -> (HeaderParser, [HeaderParser.Event]) {
        var parser = HeaderParser()
        var events: [HeaderParser.Event] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let event = parser.take(Array("\(line)\r\n".utf8))
            if event != .none { events.append(event) }
        }
        return (parser, events)
    }

    @Test func interimAnswersAreKeptApartFromTheFinalOne() {
        let (parser, events) = parse(
            "HTTP/1.1 104 Upload\nLocation: /u/1\n\nHTTP/1.1 100 Continue\n\nHTTP/2 201\nETag:  \"x\" \n")
        #expect(parser.interim.map(\.status) == [104, 100])
        #expect(parser.interim.first?.headerFields["location"] == "/u/1")
        #expect(parser.head?.status == 201)
        #expect(parser.head?.headerFields["etag"] == "\"x\"")
        #expect(events.count == 3)
    }

    @Test(arguments: ["HTTP/1.1 abc", "HTTP/1.1 99", "HTTP/1.1 1000 x", "HTTP/1.1"])
    func aStatusLineWithoutAStatusIsRefused(line: String) {
        #expect(parse(line).1 == [.refused])
    }

    @Test func anEndlessHeadIsRefused() {
        var parser = HeaderParser()
        _ = parser.take(Array("HTTP/1.1 200 OK".utf8))
        let line = Array(("X: " + String(repeating: "a", count: 1000)).utf8)
        let refused = (0..<200).contains { _ in parser.take(line) == .refused }
        #expect(refused)
    }
}

@Suite struct PacedBucketTests {
    @Test func aThousandGrantsKeepTheRate() {
        var bucket = PacedBucket(bytesPerSecond: 100_000)
        var now = ContinuousClock.now
        let start = now
        var total = 0
        while total < 1_000_000 {
            switch bucket.grant(16_384, now: now) {
            case .bytes(let count): total += count
            case .wait(let wait): now += wait
            }
        }
        let rate = Double(total) / (now - start).seconds
        #expect(abs(rate - 100_000) < 1_000)
    }

    @Test(
        "Transfers side by side keep the rate together over ten seconds, however late each wakes",
        arguments: [100_000, 4_000_000, 200_000_000], [1, 3, 16])
    func sideBySide(rate: Int, takers: Int) {
        var bucket = PacedBucket(bytesPerSecond: rate)
        var random = SeededGenerator(seed: UInt64(rate + takers))
        let start = ContinuousClock.now
        let end = start + .seconds(10)
        var wakes = [ContinuousClock.Instant](repeating: start, count: takers)
        var total = 0
        while let next = wakes.indices.min(by: { wakes[$0] < wakes[$1] }), wakes[next] < end {
            let wanted = Int.random(in: 1...131_072, using: &random)
            switch bucket.grant(wanted, now: wakes[next]) {
            case .bytes(let count):
                // The last piece of a file is shorter than what was asked for it.
                let used = Int.random(in: 0...9, using: &random) == 0 ? count / 2 : count
                bucket.refund(count - used)
                total += used
                wakes[next] += .microseconds(Int.random(in: 0...20, using: &random))
            case .wait(let wait): wakes[next] += wait + .milliseconds(Int.random(in: 0...15, using: &random))
            }
        }
        #expect(abs(Double(total) / 10 / Double(rate) - 1) < 0.05)
    }

    @Test func whatAPauseSavesUpIsATwentiethOfASecond() {
        var bucket = PacedBucket(bytesPerSecond: 1_000_000)
        let start = ContinuousClock.now
        _ = bucket.grant(1000, now: start)
        #expect(bucket.grant(1_000_000, now: start + .seconds(3600)) == .bytes(50_000))
    }
}
