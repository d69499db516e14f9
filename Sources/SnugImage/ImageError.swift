// SPDX-License-Identifier: Apache-2.0

/// A failure to read, fit or write an image.
///
/// Callers switch on ``code``, whose text never changes. People read ``message``, which names the values and the remedy.
public struct ImageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable name of a failure: snake_case, used in JSON, logs and metrics.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case emptyInput = "empty_input"
            case notAnImage = "not_an_image"
            case unsupportedFormat = "unsupported_format"
            case unsupportedFeature = "unsupported_feature"
            case corruptInput = "corrupt_input"
            case truncatedInput = "truncated_input"
            case limitExceeded = "limit_exceeded"
            case memoryExceeded = "memory_exceeded"
            case cannotFit = "cannot_fit"
            case invalidArgument = "invalid_argument"
            case notFound = "not_found"
            case permissionDenied = "permission_denied"
            case notARegularFile = "not_a_regular_file"
            case inputChanged = "input_changed"
            case diskFull = "disk_full"
            case ioFailed = "io_failed"
            case codecFailed = "codec_failed"
            case decoderCrashed = "decoder_crashed"
            case decoderTimedOut = "decoder_timed_out"
            case decoderUnavailable = "decoder_unavailable"
            case interrupted
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The code that a text is; `nil` for one that is none.
        init?(text: String) {
            guard let value = Value(rawValue: text) else { return nil }
            self.value = value
        }

        /// The input is empty.
        public static let emptyInput = Code(.emptyInput)
        /// The content is in no image format that Snug recognises.
        public static let notAnImage = Code(.notAnImage)
        /// The format is recognised, but Snug does not read or write it.
        public static let unsupportedFormat = Code(.unsupportedFormat)
        /// Snug reads the format, but not this variant (12-bit or lossless JPEG, for example).
        public static let unsupportedFeature = Code(.unsupportedFeature)
        /// The bytes contradict their format.
        public static let corruptInput = Code(.corruptInput)
        /// The file ends before the image does.
        public static let truncatedInput = Code(.truncatedInput)
        /// The input is larger than ``DecodingLimits`` allow.
        public static let limitExceeded = Code(.limitExceeded)
        /// The input needs more memory than the whole budget.
        public static let memoryExceeded = Code(.memoryExceeded)
        /// Even the smallest image at the quality floor is over the limit.
        public static let cannotFit = Code(.cannotFit)
        /// The caller's arguments contradict each other.
        public static let invalidArgument = Code(.invalidArgument)
        /// The file does not exist.
        public static let notFound = Code(.notFound)
        /// The system refused access.
        public static let permissionDenied = Code(.permissionDenied)
        /// The path names a folder, a pipe or a device.
        public static let notARegularFile = Code(.notARegularFile)
        /// The input's size or modification time changed during reading.
        public static let inputChanged = Code(.inputChanged)
        /// The disk or the quota is full.
        public static let diskFull = Code(.diskFull)
        /// Reading or writing failed for another reason.
        public static let ioFailed = Code(.ioFailed)
        /// A codec library failed for a reason other than the input.
        public static let codecFailed = Code(.codecFailed)
        /// The process that decoded the image ended, or sent what cannot be.
        public static let decoderCrashed = Code(.decoderCrashed)
        /// The process that decoded the image had no result in time.
        public static let decoderTimedOut = Code(.decoderTimedOut)
        /// The format is only decoded in a process of its own, and there is none, or its library is missing there.
        public static let decoderUnavailable = Code(.decoderUnavailable)
        /// The run was cancelled before the image was finished.
        public static let interrupted = Code(.interrupted)

        /// The code as text.
        public var description: String { value.rawValue }
    }

    /// One value of ``details``.
    public enum Detail: Sendable, Hashable {
        case integer(Int)
        case number(Double)
        case text(String)
    }

    /// The kind of failure.
    public var code: Code
    /// A text for people: the problem with its values, then the remedy.
    public var message: String
    /// The values of the message for programs; keys are snake_case and documented with the code that sets them.
    public var details: [String: Detail]
    /// The caller's settings whose change avoids the error, the first one most.
    public var settings: [Setting]

    /// Creates an error.
    public init(_ code: Code, _ message: String, details: [String: Detail] = [:], settings: [Setting] = []) {
        self.code = code
        self.message = message
        self.details = details
        self.settings = settings
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
