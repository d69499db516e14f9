// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ImageError {
    /// The error for a system call that failed.
    /// - Parameters:
    ///   - code: `errno`.
    ///   - doing: The verb of the message, as in "cannot open".
    package static func system(_ code: Int32, doing verb: String) -> ImageError {
        let reason = unsafe String(cString: strerror(code))
        switch code {
        case ENOENT, ENOTDIR: return ImageError(.notFound, "cannot \(verb) it: \(reason); check the path")
        case EACCES, EPERM, EROFS:
            return ImageError(.permissionDenied, "cannot \(verb) it: \(reason); check its owner and permissions")
        case ENOSPC, EDQUOT: return ImageError(.diskFull, "cannot \(verb) it: \(reason); free some space and run again")
        default: return ImageError(.ioFailed, "cannot \(verb) it: \(reason)", details: ["errno": .integer(Int(code))])
        }
    }
}
