// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// A system call that failed while something was done to a named file.
struct SystemFailure: Error {
    /// The verb and its object, as in "cannot write out/a.jpg".
    var doing: String
    var reason: Errno

    /// The same for a person and for programs.
    var imageError: ImageError {
        ImageError(code, "cannot \(doing): \(reason); \(remedy)", details: ["errno": .integer(Int(reason.rawValue))])
    }

    private var code: ImageError.Code { ImageError.system(reason.rawValue, doing: doing).code }

    private var remedy: String {
        switch reason {
        case .noSpace, .diskQuotaExceeded: "free some space and run again, what is done is kept"
        case .fileTooLarge: "raise the limit of file sizes (ulimit -f), or choose another file system"
        case .readOnlyFileSystem: "the file system is read-only, choose another folder"
        case .permissionDenied, .notPermitted: "check owner and permissions, or choose another folder"
        case .noSuchFileOrDirectory: "check the path"
        case .notDirectory, .fileExists: "something else has the name of a folder there, choose another"
        case .fileNameTooLong: "choose a shorter path"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "lower --jobs or raise the limit of open files"
        case .ioError: "the disk or its connection is failing, check the system's log"
        default: "try again, or choose another folder"
        }
    }
}
