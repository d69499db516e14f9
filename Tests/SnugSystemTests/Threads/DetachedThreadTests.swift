// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import SystemPackage
import Testing

@Suite struct DetachedThreadTests {
    @Test("The body runs on a thread of its own")
    func runs() async throws {
        let caller = UInt(pthread_self())
        let other = await withCheckedContinuation { continuation in
            do throws(Errno) {
                try DetachedThread.start { continuation.resume(returning: UInt(pthread_self())) }
            } catch {
                continuation.resume(returning: caller)
            }
        }
        #expect(other != caller)
    }

    @Test("A write to a closed pipe is an error code on a thread that blocks the signal")
    func blocksSignal() async throws {
        let reason = await withCheckedContinuation { (continuation: CheckedContinuation<Errno?, Never>) in
            do throws(Errno) {
                try DetachedThread.start {
                    DetachedThread.blockBrokenPipeSignal()
                    do {
                        let (reading, writing) = try FileDescriptor.pipe()
                        try reading.close()
                        defer { writing.closeIgnoringErrors() }
                        try writing.writeBytes([1])
                        continuation.resume(returning: nil)
                    } catch {
                        continuation.resume(returning: Errno(error))
                    }
                }
            } catch {
                continuation.resume(returning: error)
            }
        }
        #expect(reason == .brokenPipe)
    }
}

@Suite struct CancellationFlagTests {
    @Test("A flag is set once and for all, and C code sees it")
    func sets() throws {
        let flag = CancellationFlag()
        let before = unsafe CancellationFlag.isCancelled(flag.context)
        #expect(!flag.isSet && !before)
        try flag.check()
        flag.set()
        flag.set()
        let after = unsafe CancellationFlag.isCancelled(flag.context)
        #expect(flag.isSet && after)
        #expect(throws: CancellationError.self) { try flag.check() }
        let withoutFlag = CancellationFlag.isCancelled(nil)
        #expect(!withoutFlag)
    }
}
