// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugUpload

@Suite struct OffsetMachineTests {
    private func machine(
        length: Int = 1000, chunk: Int = 400, resumes: Bool = false, endsByOffset: Bool = true,
        sentEverything: Bool = false, lacksBytes: Bool = false
    ) -> OffsetMachine {
        let rules = RetryRules(attemptsWithoutProgress: 4, longestWait: .seconds(120)) { failures, _, throttled in
            .seconds(failures * (throttled ? 10 : 1))
        }
        return OffsetMachine(
            length: length, chunks: ChunkSizer(initial: chunk, ceiling: chunk, floor: 50, adapts: false), policy: rules,
            endsByOffset: endsByOffset, resumes: resumes, sentEverything: sentEverything, lacksBytes: lacksBytes)
    }

    @Test func aSmoothUploadSendsEachByteOnce() {
        var machine = machine()
        #expect(machine.begin() == .create)
        #expect(machine.take(.created(offset: 0), random: 0) == .send(0..<400))
        #expect(machine.take(.offset(400), random: 0) == .send(400..<800))
        #expect(machine.take(.offset(800), random: 0) == .send(800..<1000))
        #expect(machine.take(.offset(1000), random: 0) == .finish)
        #expect(machine.retries == 0)
    }

    @Test func afterALostConnectionTheOffsetIsAskedFor() {
        var machine = machine(resumes: true)
        #expect(machine.begin() == .ask)
        #expect(machine.take(.offset(400), random: 0) == .send(400..<800))
        #expect(machine.take(.transient(lineFailed: true), random: 0) == .wait(.seconds(1)))
        #expect(machine.resume() == .ask)
        #expect(machine.take(.offset(650), random: 0) == .send(650..<1000))
    }

    @Test func aServerThatCountsQuestionsAsWellGetsAPauseAfterThem() {
        var machine = machine()
        _ = machine.begin()
        #expect(machine.take(.created(offset: 0), random: 0) == .send(0..<400))
        #expect(machine.take(.busy, hint: .seconds(3), random: 0) == .wait(.seconds(3)))
        #expect(machine.resume() == .ask)
        #expect(machine.take(.offset(0), random: 0) == .send(0..<400))
        #expect(machine.take(.busy, hint: .seconds(3), random: 0) == .wait(.seconds(3)))
        #expect(machine.resume() == .ask)
        #expect(machine.take(.offset(100), random: 0) == .wait(.seconds(3)))
        #expect(machine.resume() == .send(100..<500))
        #expect(machine.take(.offset(500), random: 0) == .send(500..<900))
    }

    @Test(
        "Whatever is refused, the offset is looked at before anything else",
        arguments: [OffsetMachine.Step.refused, .outOfStep, .tooLarge, .badChecksum])
    func asksAfterRefusal(step: OffsetMachine.Step) {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        #expect(machine.take(step, random: 0) == .ask)
    }

    @Test func aRefusalThatStoredTheBytesIsProgress() {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        _ = machine.take(.refused, random: 0)
        #expect(machine.take(.offset(400), random: 0) == .send(400..<800))
    }

    @Test func aRefusalThatStoredNothingIsFinal() {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        _ = machine.take(.refused, random: 0)
        #expect(machine.take(.offset(0), random: 0) == .fail(.refused))
    }

    @Test func anUploadThatIsGoneIsBegunAnewAFewTimes() {
        var machine = machine(resumes: true)
        _ = machine.begin()
        for _ in 0..<3 {
            #expect(machine.take(.gone, random: 0) == .create)
            #expect(machine.take(.created(offset: 0), random: 0) == .send(0..<400))
        }
        #expect(machine.take(.gone, random: 0) == .fail(.gone))
    }

    @Test func goneAfterTheLastByteLeftIsNotSentAgain() {
        var machine = machine(length: 300)
        _ = machine.begin()
        #expect(machine.take(.created(offset: 0), random: 0) == .send(0..<300))
        #expect(machine.take(.transient(lineFailed: true), bodyLeft: true, random: 0) == .wait(.seconds(1)))
        _ = machine.resume()
        #expect(machine.take(.gone, random: 0) == .unconfirmed)
    }

    @Test func goneBeforeTheLastByteLeftIsBegunAnew() {
        var machine = machine(length: 300)
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        _ = machine.take(.transient(lineFailed: true), bodyLeft: false, random: 0)
        _ = machine.resume()
        #expect(machine.take(.gone, random: 0) == .create)
    }

    @Test func aKillAfterTheLastByteIsRemembered() {
        var machine = machine(resumes: true, sentEverything: true)
        _ = machine.begin()
        #expect(machine.take(.gone, random: 0) == .unconfirmed)
    }

    @Test func attemptsWithoutProgressAreCountedAndProgressForgivesThem() {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        for round in 1...20 {
            for _ in 0..<3 {
                if case .wait = machine.take(.transient(lineFailed: false), random: 0) {
                } else {
                    Issue.record("gave up")
                }
                _ = machine.resume()
            }
            _ = machine.take(.offset(round), random: 0)
        }
        for _ in 0..<3 {
            _ = machine.take(.transient(lineFailed: false), random: 0)
            _ = machine.resume()
        }
        #expect(machine.take(.transient(lineFailed: false), random: 0) == .fail(.retries))
    }

    @Test func anAcknowledgementThatNeverMovesIsNoProgress() {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        for _ in 0..<3 { #expect(machine.take(.offset(0), random: 0) == .send(0..<400)) }
        #expect(machine.take(.offset(0), random: 0) == .fail(.retries))
    }

    @Test("A server whose offset lies outside the file is not believed", arguments: [-1, 1001, Int.max])
    func liar(offset: Int) {
        var machine = machine(resumes: true)
        _ = machine.begin()
        #expect(machine.take(.offset(offset), random: 0) == .fail(.misbehaved))
    }

    @Test("An offset of bytes that were never sent is not believed", arguments: [401, 500, 1000])
    func ahead(offset: Int) {
        var machine = machine()
        _ = machine.begin()
        #expect(machine.take(.created(offset: 0), random: 0) == .send(0..<400))
        #expect(machine.take(.offset(offset), random: 0) == .fail(.misbehaved))
    }

    @Test("Only what left the machine counts as sent", arguments: [(300, false), (301, true), (400, true)])
    func partlySent(offset: Int, isTooFar: Bool) {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), bytesSent: 0, random: 0)
        let lost = OffsetMachine.Step.transient(lineFailed: true)
        _ = machine.take(lost, bodyLeft: false, bytesSent: 300, random: 0)
        _ = machine.resume()
        #expect((machine.take(.offset(offset), random: 0) == .fail(.misbehaved)) == isTooFar)
    }

    @Test("A creation cannot keep more than it carried", arguments: [(0, 1), (100, 101)])
    func createdAhead(sent: Int, offset: Int) {
        var machine = machine()
        _ = machine.begin()
        #expect(machine.take(.created(offset: offset), bytesSent: sent, random: 0) == .fail(.misbehaved))
    }

    @Test func anEarlierProcessHasNotSentTheLastByteUnlessTheRecordSaysSo() {
        for wasSent in [false, true] {
            var machine = machine(resumes: true, sentEverything: wasSent)
            _ = machine.begin()
            #expect(machine.take(.offset(1000), random: 0) == (wasSent ? .finish : .fail(.misbehaved)))
        }
    }

    @Test func aCompletionBeforeTheLastByteIsNotBelieved() {
        var machine = machine()
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        #expect(machine.take(.complete, random: 0) == .fail(.misbehaved))
    }

    @Test("A rejected last chunk is not delivered, however the server forgets it", arguments: [false, true])
    func rejectedThenGone(asksFirst: Bool) {
        var machine = machine(length: 300)
        _ = machine.begin()
        _ = machine.take(.created(offset: 0), random: 0)
        if asksFirst {
            #expect(machine.take(.refused, random: 0) == .ask)
            #expect(machine.take(.gone, random: 0) == .fail(.refused))
        } else {
            #expect(machine.take(.gone, random: 0) == .create)
        }
        #expect(machine.lacksBytes || !asksFirst)
    }

    @Test func aServerThatLackedBytesAndForgetsThemGetsThemAgain() {
        var machine = machine(length: 300, resumes: true, sentEverything: true, lacksBytes: true)
        _ = machine.begin()
        #expect(machine.take(.gone, random: 0) == .create)
    }

    @Test func aHintIsObeyedAndALongOneStops() {
        var machine = machine(resumes: true)
        _ = machine.begin()
        #expect(machine.take(.busy, hint: .seconds(7), random: 0) == .wait(.seconds(7)))
        _ = machine.resume()
        #expect(machine.take(.busy, random: 0) == .wait(.seconds(20)))
        _ = machine.resume()
        #expect(machine.take(.busy, hint: .seconds(7200), random: 0) == .fail(.waitTooLong))
    }

    @Test func aLockIsWaitedForLongerAndLonger() {
        var machine = machine(resumes: true)
        _ = machine.begin()
        for seconds in [1, 2, 4] {
            #expect(machine.take(.locked, random: 0) == .wait(.seconds(seconds)))
            _ = machine.resume()
        }
    }

    @Test func protocolsWithAWordForTheEndSendItEmptyIfNeedBe() {
        var machine = machine(resumes: true, endsByOffset: false, sentEverything: true)
        _ = machine.begin()
        #expect(machine.take(.offset(1000), random: 0) == .send(1000..<1000))
        #expect(machine.take(.complete, random: 0) == .finish)
    }
}

@Suite struct ChunkSizerTests {
    @Test func fastChunksGrowAndSlowOnesShrink() {
        var sizer = ChunkSizer(initial: 1 << 20, ceiling: 8 << 20)
        for expected in [2, 4, 8, 8] {
            sizer.succeeded(bytes: sizer.size, in: .seconds(1))
            #expect(sizer.size == expected << 20)
        }
        sizer.succeeded(bytes: sizer.size, in: .seconds(5))
        #expect(sizer.size == 8 << 20)
        sizer.succeeded(bytes: sizer.size, in: .seconds(11))
        #expect(sizer.size == 4 << 20)
    }

    @Test func chunksOnAFastLineGrowFaster() {
        var sizer = ChunkSizer(initial: 1 << 20, ceiling: 64 << 20)
        for expected in [4, 16, 64, 64] {
            sizer.succeeded(bytes: sizer.size, in: .milliseconds(499))
            #expect(sizer.size == expected << 20)
        }
    }

    @Test func aShortLastChunkSaysNothingAboutTheLine() {
        var sizer = ChunkSizer(initial: 1 << 20, ceiling: 8 << 20)
        sizer.succeeded(bytes: 1000, in: .milliseconds(1))
        #expect(sizer.size == 1 << 20)
    }

    @Test func aRefusalBindsTheCeilingAndEightMebibytesTakeThreeOfThem() {
        var sizer = ChunkSizer(initial: 8 << 20, ceiling: 64 << 20)
        var refusals = 0
        while sizer.size > 1 << 20 {
            let canShrink = sizer.refused(bytes: sizer.size)
            #expect(canShrink)
            refusals += 1
        }
        #expect(refusals == 3)
        sizer.succeeded(bytes: sizer.size, in: .milliseconds(10))
        #expect(sizer.size == 1 << 20)
    }

    @Test func belowTheFloorNothingIsTried() {
        var sizer = ChunkSizer(initial: 64 << 10, ceiling: 64 << 20)
        let canShrink = sizer.refused(bytes: 64 << 10)
        #expect(!canShrink)
    }

    @Test("Chunks stay multiples of what the server wants", arguments: [256 << 10, 320 << 10])
    func granularity(unit: Int) {
        var sizer = ChunkSizer(initial: 1 << 20, ceiling: 10_000_000, granularity: unit)
        for _ in 0..<10 {
            #expect(sizer.size % unit == 0)
            sizer.succeeded(bytes: sizer.size, in: .seconds(1))
        }
        for _ in 0..<10 { sizer.lineFailed() }
        #expect(sizer.size == unit)
    }
}
