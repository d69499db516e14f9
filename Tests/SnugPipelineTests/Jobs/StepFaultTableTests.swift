// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Every kind of error that a stage can end with, and what it costs the job; and the waits that follow.
@Suite struct StepFaultTableTests {
    private func fault(_ error: any Error) -> StepFault { StepFault(error, account: "a") }

    @Test(
        "A reason of the system is about the disk, about a place that may come back, or about the one file",
        arguments: [
            (Errno.noSpace, StepFault.Kind.folderWide), (.diskQuotaExceeded, .folderWide),
            (.readOnlyFileSystem, .folderWide),
            (.tooManyOpenFiles, .folderWide), (.tooManyOpenFilesInSystem, .folderWide), (.noMemory, .folderWide),
            (.permissionDenied, .environmental), (.notPermitted, .environmental),
            (.noSuchFileOrDirectory, .environmental),
            (.ioError, .environmental), (.staleNFSFileHandle, .environmental), (.fileNameTooLong, .transient),
            (.fileTooLarge, .transient), (.isDirectory, .transient),
        ])
    func system(reason: Errno, kind: StepFault.Kind) {
        #expect(fault(reason).kind == kind)
        let failure = SystemFailure(doing: "write /out/a.jpg", reason: reason)
        #expect(fault(failure).kind == kind && fault(ImageError(failure)).kind == kind)
        // A full disk has a code of its own: it is what a person looks for.
        let isFull = reason == .noSpace || reason == .diskQuotaExceeded
        #expect(fault(failure).reason.code == (isFull ? "disk_full" : "io_failed"))
    }

    @Test(
        "An image that cannot be fitted fails for good; what the machine lacks does not count",
        arguments: [
            (ImageError.Code.emptyInput, StepFault.Kind.definite), (.notAnImage, .definite),
            (.unsupportedFormat, .definite),
            (.unsupportedFeature, .definite), (.corruptInput, .definite), (.truncatedInput, .definite),
            (.limitExceeded, .definite), (.memoryExceeded, .definite), (.cannotFit, .definite),
            (.invalidArgument, .definite),
            (.diskFull, .folderWide), (.permissionDenied, .environmental), (.ioFailed, .transient),
            (.inputChanged, .transient),
            (.codecFailed, .transient), (.decoderCrashed, .definite), (.decoderTimedOut, .definite),
            (.decoderUnavailable, .environmental),
        ])
    func images(code: ImageError.Code, kind: StepFault.Kind) {
        let fault = fault(ImageError(code, "message"))
        #expect(fault.kind == kind && fault.reason.code == code.description && fault.reason.message == "message")
    }

    @Test(
        "A server that was not reached costs nothing, a connection that broke costs an attempt",
        arguments: [
            (HTTPError.Code.cannotResolve, StepFault.Kind.environmental), (.cannotConnect, .environmental),
            (.connectTimedOut, .environmental), (.connectionLost, .transient), (.stalled, .transient),
            (.tlsFailed, .transient),
            (.attemptTimedOut, .transient), (.malformedResponse, .transient),
        ])
    func network(code: HTTPError.Code, kind: StepFault.Kind) {
        let error = HTTPError(code, "message")
        #expect(fault(error).kind == kind)
        // The same below an upload that gave up.
        #expect(fault(UploadError(.retriesSpent, "message", cause: error)).kind == kind)
        // And below one that could not ask for the protocol.
        #expect(fault(UploadError(.notSupported, "message", cause: error)).kind == kind)
    }

    @Test(
        "An upload is given up, tried again, asked about, or waits for its surroundings",
        arguments: [
            (UploadError.Code.invalidTarget, StepFault.Kind.definite, nil), (.notSupported, .definite, nil),
            (.refused, .definite, nil), (.tooLarge, .definite, nil), (.outcomeUnknown, .unknown, nil),
            (.stateFailed, .environmental, nil), (.credentialsRefused, .environmental, 300),
            (.inUse, .environmental, 5),
            (.checksumMismatch, .transient, nil), (.gone, .transient, nil), (.serverMisbehaved, .transient, nil),
            (.sourceChanged, .transient, nil), (.deadlineExceeded, .transient, nil),
        ] as [(UploadError.Code, StepFault.Kind, Int?)])
    func uploads(code: UploadError.Code, kind: StepFault.Kind, seconds: Int?) {
        let fault = fault(UploadError(code, "message"))
        #expect(fault.kind == kind && fault.delay == seconds.map { .seconds($0) })
    }

    @Test(
        "A generation parks its account, is tried again, waits, or fails",
        arguments: [
            (GenerationError.Code.paymentRequired, StepFault.Kind.parked(account: "a"), 600),
            (.notAuthenticated, .parked(account: "a"), 600), (.rateLimited, .parked(account: "a"), 30),
            (.circuitOpen, .parked(account: "a"), 15), (.notSent, .environmental, nil),
            (.journalFailed, .environmental, nil),
            (.outputFailed, .environmental, nil), (.noCapacity, .transient, nil), (.providerFailed, .transient, nil),
            (.retriesSpent, .transient, nil), (.deadlineExceeded, .transient, nil), (.downloadFailed, .transient, nil),
            (.outcomeUnknown, .unknown, nil), (.policyRefused, .definite, nil), (.payloadTooLarge, .definite, nil),
            (.invalidRequest, .definite, nil),
        ] as [(GenerationError.Code, StepFault.Kind, Int?)])
    func generations(code: GenerationError.Code, kind: StepFault.Kind, seconds: Int?) {
        var error = GenerationError(code, "message")
        #expect(fault(error).kind == kind && fault(error).delay == seconds.map { .seconds($0) })
        // The provider's own wait wins.
        error.retryAfter = .seconds(7)
        #expect(fault(error).delay == .seconds(7))
        // Whatever it is called: what may have been paid for is not sent again.
        error.isOutcomeUnknown = true
        #expect(fault(error).kind == .unknown)
    }

    @Test("A host of images that is down or in trouble costs no image: nothing was submitted")
    func hosting() {
        let down = HTTPError(.cannotConnect, "m")
        #expect(fault(GenerationError(.imageFailed, "m", cause: down)).kind == .environmental)
        #expect(fault(GenerationError(.imageFailed, "m", cause: HTTPError(.connectionLost, "m"))).kind == .transient)
        #expect(fault(GenerationError(.imageFailed, "m", status: 503)).kind == .transient)
        #expect(fault(GenerationError(.imageFailed, "m", status: 415)).kind == .definite)
        #expect(fault(GenerationError(.imageFailed, "m")).kind == .definite)
    }

    @Test("Errors of the daemon and the ledger are of the surroundings, a wrong sidecar is the file's own")
    func ours() {
        #expect(fault(DaemonError(.secretMissing, "m")).kind == .environmental)
        #expect(fault(WatchError(.invalidSidecar, "m")).kind == .definite)
        #expect(fault(WatchError(.fileSystem, "m", isEnvironmental: true)).kind == .environmental)
        struct Stranger: Error {}
        #expect(fault(Stranger()).kind == .transient && fault(Stranger()).reason.code == "failed")
        let held = StepFault(.held, "code", "message", delay: .seconds(3))
        #expect(fault(held) == held)
    }

    // MARK: Waits

    private func until(
        _ kind: StepFault.Kind, step: JobStep = .fit, attempt: Int = 1, faults: Int = 1, random: Double = 1,
        delay: Duration? = nil
    ) -> Duration? {
        let situation = FaultPolicy.Situation(
            step: step, attempt: attempt, isPaid: false, faultsInARow: faults, now: LedgerInstant(milliseconds: 0),
            random: random)
        let decision = FaultPolicy(maximumAttempts: 100).decide(StepFault(kind, "c", "m", delay: delay), situation)
        return decision.until.map { .milliseconds($0.milliseconds) }
    }

    @Test(
        "Attempts are a second apart, then twice as long each time, five minutes at most",
        arguments: [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (99, 300)])
    func attempts(attempt: Int, seconds: Int) {
        #expect(until(.transient, attempt: attempt) == .seconds(seconds))
        // Full jitter would let a retry come at once; half of the wait is always waited.
        #expect(until(.transient, attempt: attempt, random: 0) == .seconds(seconds) / 2)
    }

    @Test(
        "Faults of the surroundings are looked at after 5 s, then later, by how many there were in a row",
        arguments: [(1, 5), (2, 10), (6, 160), (7, 300), (1000, 300)])
    func surroundings(faults: Int, seconds: Int) {
        #expect(until(.environmental, attempt: 50, faults: faults) == .seconds(seconds))
        #expect(until(.folderWide, faults: faults) == .seconds(seconds))
    }

    @Test(
        "A wait that somebody asked for is kept, and never shortens ours",
        arguments: [(0, 1), (1, 1), (2, 2), (4000, 4000)])
    func asked(delay: Int, seconds: Int) {
        #expect(until(.transient, delay: .seconds(delay)) == .seconds(seconds))
    }

    @Test("Random numbers that are none change no order", arguments: [-5.0, 2.0])
    func random(value: Double) {
        #expect(until(.transient, random: value) == (value < 0 ? .milliseconds(500) : .seconds(1)))
    }

    @Test("Only submissions wait for a parked account; other steps wait for themselves")
    func parkedSteps() {
        let policy = FaultPolicy(maximumAttempts: 3)
        for (step, due) in [(JobStep.submit, 0), (.collect, 60_000), (.upload, 60_000)] {
            let situation = FaultPolicy.Situation(
                step: step, attempt: 3, isPaid: false, faultsInARow: 1, now: LedgerInstant(milliseconds: 0), random: 1)
            let decision = policy.decide(StepFault(.parked(account: "a"), "c", "m", delay: .seconds(60)), situation)
            let reason = JobReason(code: "c", message: "m")
            #expect(
                decision.outcome == .retry(at: LedgerInstant(milliseconds: due), reason, consumesAttempt: false),
                "\(step)")
            #expect(decision.parkedAccount == "a" && !decision.consumesAttempt)
        }
    }

    @Test("An accepted generation is looked for again and again, ever more slowly")
    func pending() {
        #expect(until(.pending, step: .submit) == .seconds(5))
        #expect(until(.pending, step: .submit, attempt: 9) == .seconds(120))
        #expect(until(.pending, step: .collect, attempt: 2) == .seconds(2))
    }
}
