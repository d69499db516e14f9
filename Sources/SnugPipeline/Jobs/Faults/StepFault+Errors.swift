// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugSystem
import SnugUpload
import SystemPackage

extension StepFault {
    /// The fault that an error of a stage is.
    /// - Parameter account: The account that pays, for errors of a generation.
    init(_ error: any Error, account: String = "") {
        switch error {
        case let fault as StepFault: self = fault
        case let error as ImageError: self.init(error)
        case let error as UploadError: self.init(error)
        case let error as GenerationError: self.init(error, account: account)
        case let error as HTTPError: self.init(error)
        case let error as StorageError: self.init(error)
        case let failure as SystemFailure: self.init(failure)
        case let error as WatchError:
            self.init(error.isEnvironmental ? .environmental : .definite, error.code.rawValue, error.message)
        case let error as DaemonError: self.init(.environmental, error.code.description, error.message)
        case let error as LedgerError: self.init(.environmental, error.code.description, error.message)
        case let reason as Errno: self.init(SystemFailure(doing: "continue", reason: reason))
        default: self.init(.transient, "failed", "failed unexpectedly: \(error)")
        }
    }

    // MARK: System

    private init(_ failure: SystemFailure) {
        self.init(
            Self.kind(of: failure.reason),
            [.noSpace, .diskQuotaExceeded].contains(failure.reason) ? "disk_full" : "io_failed",
            "\(failure); \(failure.remedy)")
    }

    /// The kind of the system's reason: about the disk, about a folder that may come back, or about the one file.
    static func kind(of reason: Errno) -> Kind {
        switch reason {
        case .noSpace, .diskQuotaExceeded, .readOnlyFileSystem, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory:
            .folderWide
        case .permissionDenied, .notPermitted, .noSuchFileOrDirectory, .ioError, .staleNFSFileHandle:
            .environmental
        default: .transient
        }
    }

    private init(_ error: ImageError) {
        var kind: Kind
        switch error.code {
        case .diskFull: kind = .folderWide
        case .permissionDenied, .decoderUnavailable: kind = .environmental
        case .ioFailed, .inputChanged, .codecFailed: kind = .transient
        default: kind = .definite
        }
        if case .integer(let number)? = error.details["errno"] {
            kind = Self.kind(of: Errno(rawValue: CInt(truncatingIfNeeded: number)))
        }
        self.init(
            kind, error.code.description, error.message,
            details: error.details.isEmpty ? nil : error.json["details"]?.description)
    }

    // MARK: Storage

    private init(_ error: StorageError) {
        // Nothing of it is the image's fault. Where an object is missing, the host of the file brings it again.
        let kind: Kind = error.code == .missing ? .held : .environmental
        let delay =
            [.refused, .damaged].contains(error.code) ? max(error.retryAfter ?? .zero, .seconds(60)) : error.retryAfter
        self.init(kind, error.code.rawValue, error.message, delay: delay)
        // Many jobs meet it at once, and nothing is claimed while it lasts.
        longestWait = 15
    }

    // MARK: Network

    private init(_ error: HTTPError) {
        let kind: Kind = error.isNetworkDown ? .environmental : .transient
        self.init(kind, error.code.description, error.message)
    }

    private init(_ error: UploadError) {
        let kind: Kind
        var delay = error.retryAfter
        let cause = error.cause as? HTTPError
        switch error.code {
        // A server that could not be asked for its protocol may come back.
        case .notSupported where cause != nil: kind = cause?.isNetworkDown == true ? .environmental : .transient
        case .invalidTarget, .notSupported, .refused, .tooLarge: kind = .definite
        case .outcomeUnknown: kind = .unknown
        case .stateFailed: kind = .environmental
        case .credentialsRefused:
            // Every upload of the folder would be refused alike, until somebody changes the key.
            kind = .environmental
            delay = delay ?? .seconds(300)
        case .inUse:
            kind = .environmental
            delay = delay ?? .seconds(5)
        default: kind = cause?.isNetworkDown == true ? .environmental : .transient
        }
        self.init(kind, error.code.description, error.message, delay: delay)
    }

    private init(_ error: GenerationError, account: String) {
        let kind: Kind
        var delay = error.retryAfter
        switch error.code {
        case .paymentRequired, .notAuthenticated:
            kind = .parked(account: account)
            delay = delay ?? Self.parkingTime
        case .rateLimited:
            kind = .parked(account: account)
            delay = delay ?? .seconds(30)
        case .circuitOpen:
            kind = .parked(account: account)
            delay = delay ?? .seconds(15)
        case .notSent, .journalFailed, .outputFailed: kind = .environmental
        case .noCapacity, .providerFailed, .retriesSpent, .deadlineExceeded, .downloadFailed: kind = .transient
        case .imageFailed: kind = Self.kind(ofHosting: error)
        case .outcomeUnknown: kind = .unknown
        default: kind = .definite
        }
        let isUnknown = error.isOutcomeUnknown && kind != .unknown
        self.init(
            isUnknown ? .unknown : kind, error.code.description, error.message,
            details: error.json()["details"]?.description, delay: delay)
    }

    /// The kind of a failure to fit an image, or to put it where the provider fetches it: nothing was submitted yet.
    private static func kind(ofHosting error: GenerationError) -> Kind {
        if let cause = error.cause as? HTTPError { return cause.isNetworkDown ? .environmental : .transient }
        return (error.status ?? 0) >= 500 ? .transient : .definite
    }

    /// The time after which one request finds out whether an account was topped up, or its key replaced.
    static let parkingTime = Duration.seconds(600)
}

extension HTTPError {
    /// True when no server was reached.
    var isNetworkDown: Bool { [.cannotResolve, .cannotConnect, .connectTimedOut].contains(code) }
}
