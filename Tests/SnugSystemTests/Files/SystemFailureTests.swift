// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage
import Testing

@Suite struct SystemFailureTests {
    @Test("The message names the action, the thing and the reason")
    func message() {
        let failure = SystemFailure(doing: "write out/a.jpg", reason: .noSpace)
        #expect(failure.description == "cannot write out/a.jpg: No space left on device")
    }

    @Test(
        "The remedy is about the reason",
        arguments: [
            (Errno.noSpace, "space"), (.diskQuotaExceeded, "space"), (.fileTooLarge, "ulimit -f"),
            (.readOnlyFileSystem, "read-only"), (.permissionDenied, "permissions"), (.notPermitted, "permissions"),
            (.noSuchFileOrDirectory, "path"), (.notDirectory, "a file has the name"), (.fileNameTooLong, "shorter"),
            (.tooManyOpenFiles, "ulimit -n"), (.ioError, "disk"), (.brokenPipe, "reads"),
            (.badFileDescriptor, "/dev/null"), (.resourceBusy, "try again"),
        ])
    func remedies(reason: Errno, word: String) {
        #expect(SystemFailure(doing: "x", reason: reason).remedy.contains(word))
    }

    @Test("An error of swift-system keeps its reason, and another one is an I/O error")
    func conversion() {
        struct Other: Error {}
        #expect(Errno(Errno.brokenPipe as any Error) == .brokenPipe)
        #expect(Errno(Other()) == .ioError)
    }
}
