// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A system call that failed while something was done to a named thing.
///
/// Each module maps it to its own error type.
package struct SystemFailure: Error, Sendable, CustomStringConvertible {
    /// The verb and its object, as in "write out/a.jpg".
    package var doing: String
    /// The system's reason.
    package var reason: Errno

    package init(doing: String, reason: Errno) {
        self.doing = doing
        self.reason = reason
    }

    /// The failure and its reason, as in "cannot write out/a.jpg: No space left on device".
    package var description: String { "cannot \(doing): \(reason)" }

    /// The step that a person can take.
    package var remedy: String {
        switch reason {
        case .noSpace, .diskQuotaExceeded: "free some space and run again; finished files are kept"
        case .fileTooLarge: "raise the limit of file sizes (ulimit -f), or choose another file system"
        case .readOnlyFileSystem: "the file system is read-only; choose another folder"
        case .permissionDenied, .notPermitted: "check owner and permissions, or choose another folder"
        case .noSuchFileOrDirectory: "check the path"
        case .notDirectory, .fileExists: "a file has the name of a folder there; choose another"
        case .isDirectory: "it is a folder; name a file"
        case .fileNameTooLong: "choose a shorter path"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit of open files (ulimit -n)"
        case .ioError: "the disk or its connection is failing; check the system's log"
        case .badFileDescriptor: "it was closed when the command began; redirect it to a file, a program or /dev/null"
        case .brokenPipe: "the program that reads it has ended; see what it said"
        default: "try again, or choose another folder"
        }
    }
}

extension Errno {
    /// The reason of the call that failed last on this thread.
    static var current: Errno { Errno(rawValue: errno) }
}

/// Calls until the call is not interrupted.
/// - Throws: `errno` for a negative result.
func retryingInterrupted<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let reason = Errno.current
        if reason != .interrupted { throw reason }
    }
}
