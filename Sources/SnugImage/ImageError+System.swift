// SPDX-License-Identifier: Apache-2.0
import SystemPackage

extension ImageError {
    /// The error for a system call that failed.
    /// - Parameters:
    ///   - code: `errno`.
    ///   - verb: The verb of the message, as in "cannot open".
    package static func system(_ code: Int32, doing verb: String) -> ImageError {
        let reason = Errno(rawValue: code)
        switch reason {
        case .noSuchFileOrDirectory, .notDirectory:
            return ImageError(.notFound, "cannot \(verb) it: \(reason); check the path")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            return ImageError(.permissionDenied, "cannot \(verb) it: \(reason); check its owner and permissions")
        case .noSpace, .diskQuotaExceeded:
            return ImageError(.diskFull, "cannot \(verb) it: \(reason); free some space and run again")
        default: return ImageError(.ioFailed, "cannot \(verb) it: \(reason)", details: ["errno": .integer(Int(code))])
        }
    }
}
