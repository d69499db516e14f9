// SPDX-License-Identifier: Apache-2.0

/// Why an image could not be read, fitted or written.
///
/// Callers switch on ``code``, which never changes its text; people read ``message``, which names the values and says
/// what to do next.
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
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The input has no bytes at all.
        public static let emptyInput = Code(.emptyInput)
        /// The content is of no image format that Snug recognises.
        public static let notAnImage = Code(.notAnImage)
        /// The content is an image, of a format that is recognised but not read or written here.
        public static let unsupportedFormat = Code(.unsupportedFormat)
        /// The format is read, this variant of it is not (12-bit or lossless JPEG, for example).
        public static let unsupportedFeature = Code(.unsupportedFeature)
        /// The bytes contradict their format.
        public static let corruptInput = Code(.corruptInput)
        /// The file ends before the image does.
        public static let truncatedInput = Code(.truncatedInput)
        /// The input is larger than ``DecodingLimits`` allow.
        public static let limitExceeded = Code(.limitExceeded)
        /// The memory budget could never hold what this input needs.
        public static let memoryExceeded = Code(.memoryExceeded)
        /// Not even the smallest image at the quality floor is within the limit.
        public static let cannotFit = Code(.cannotFit)
        /// The caller asked for something that contradicts itself.
        public static let invalidArgument = Code(.invalidArgument)
        /// The file is not there (any more).
        public static let notFound = Code(.notFound)
        /// The system refused access.
        public static let permissionDenied = Code(.permissionDenied)
        /// A folder, a pipe, a device: not a file with a fixed content.
        public static let notARegularFile = Code(.notARegularFile)
        /// The input's size or modification time moved while it was read.
        public static let inputChanged = Code(.inputChanged)
        /// No space, or no quota, is left.
        public static let diskFull = Code(.diskFull)
        /// Reading or writing failed for another reason.
        public static let ioFailed = Code(.ioFailed)
        /// A codec library reported an error that is not the input's fault.
        public static let codecFailed = Code(.codecFailed)

        /// The code as text.
        public var description: String { value.rawValue }
    }

    /// One value of ``details``.
    public enum Detail: Sendable, Hashable {
        case integer(Int)
        case number(Double)
        case text(String)
    }

    /// What kind of failure this is.
    public var code: Code
    /// For a person: what happened, with the values, and what to do.
    public var message: String
    /// The values of the message for programs; keys are snake_case and documented with the code that sets them.
    public var details: [String: Detail]

    /// Makes an error.
    public init(_ code: Code, _ message: String, details: [String: Detail] = [:]) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
