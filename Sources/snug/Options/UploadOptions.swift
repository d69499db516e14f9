// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import HTTPTypes
import Logging
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSystem
import SnugUpload
import SystemPackage

/// The files and their destination.
struct UploadDestinationOptions: ParsableArguments {
    @Argument(help: "Files and folders to upload, or '-' for standard input.")
    var files: [PathArgument] = []

    @OptionGroup var list: InputListOptions

    @Option(
        help: ArgumentHelp(
            "The server. For s3 and put, an address that ends in '/' gets the file's name added.", valueName: "url"))
    var to: String?

    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "auto (asks the server), tus, resumable, s3, ranged-put, put or form.", valueName: "name"),
        completion: .list(["auto"] + UploadProtocol.allCases.map(\.rawValue)))
    var uploadProtocol = "auto"

    @Option(help: "A header for every request, 'Name: value', or @FILE with one a line.")
    var header: [String] = []

    @Option(help: ArgumentHelp("The media type. (default: by the file's content)", valueName: "type"))
    var contentType: String?

    @Option(help: ArgumentHelp("form: the name of the file's field.", valueName: "name"))
    var fileField = "file"

    @Option(help: ArgumentHelp("form: a text field; may be repeated.", valueName: "name=value"))
    var field: [String] = []

    @Option(help: ArgumentHelp("s3: the region.", valueName: "name"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "s3: create an address from which anybody can download the object for this many seconds.",
            valueName: "seconds"), transform: ArgumentParsing.positive)
    var presign: Int?

    @Option(
        help: ArgumentHelp("ranged-put: in-place, session or starts-session.", valueName: "style"),
        completion: .list(["in-place", "session", "starts-session"]))
    var rangedStyle = "in-place"

    /// The arguments as paths.
    var paths: [FilePath] { files.map(\.path) }

    func headers() throws -> HTTPFields {
        var headers = HTTPFields()
        for text in header {
            var lines = [text]
            if text.hasPrefix("@") {
                let file = FilePath(bytes: RawArguments.decode(String(text.dropFirst())))
                lines = try TextFile.read(file, maximumBytes: 64 * 1024).split(whereSeparator: \.isNewline)
                    .map(String.init)
            }
            for line in lines where !line.isEmpty {
                guard let colon = line.firstIndex(of: ":") else {
                    throw ValidationError("--header: a header is written 'Name: value'")
                }
                let value = String(line[line.index(after: colon)...]).trimmingSpace()
                // A header that a person passes may be a key, whatever its name.
                var field = try HTTPField(checked: String(line[..<colon]), value)
                field.indexingStrategy = .disallow
                headers.append(field)
            }
        }
        return headers
    }

    /// The destination that the options make.
    func destination() throws -> UploadDestination {
        var chosen: UploadProtocol?
        if uploadProtocol != "auto" {
            guard let named = UploadProtocol(rawValue: uploadProtocol) else {
                let names = ["auto"] + UploadProtocol.allCases.map(\.rawValue)
                let near = NearestName.of(uploadProtocol, among: names).map { " Did you mean \($0)?" } ?? ""
                throw ValidationError(
                    "'\(PrintableName.escaped(uploadProtocol))' is no upload protocol.\(near) There are "
                        + names.joined(separator: ", "))
            }
            chosen = named
        }
        var destination = UploadDestination(url: try HTTPURL(to ?? ""), uploadProtocol: chosen)
        destination.headers = try headers()
        destination.contentType = contentType
        if chosen == .s3 { destination.s3 = try s3Settings() }
        let fields = try field.map { text in
            guard let equals = text.firstIndex(of: "=") else {
                throw ValidationError("--field: a field is written NAME=VALUE")
            }
            return FormSettings.Field(String(text[..<equals]), String(text[text.index(after: equals)...]))
        }
        destination.form = FormSettings(fileField: fileField, fields: fields)
        guard let ranged = RangedPutStyle(rawValue: rangedStyle) else {
            throw ValidationError("--ranged-style is in-place, session or starts-session")
        }
        destination.ranged = ranged
        return destination
    }

    /// The target of an upload that was started earlier.
    func target(of record: UploadRecord) throws -> UploadTarget {
        UploadTarget(
            try HTTPURL(record.target), record.uploadProtocol, headers: try headers(),
            s3: record.uploadProtocol == .s3 ? try s3Settings() : nil)
    }

    /// The signer of S3.
    func s3Settings() throws -> S3Settings {
        try S3Environment.settings(region: region, presignedFor: presign.map { .seconds($0) })
    }
}

/// Options for folders: files to send, and the fit on the way.
struct UploadFolderOptions: ParsableArguments {
    @Flag(help: "Fit images under limits on the way. Other files of folders are left out.")
    var fit = false

    @Flag(
        help:
            "With --fit: handle every image in a process without files and network, where a fault of a codec costs that image only."
    )
    var isolate = false

    @OptionGroup var limits: LimitOptions

    @Flag(help: "Do not walk into subfolders.")
    var noRecursive = false

    func check() throws {
        let isLimited =
            limits.profile != nil || limits.limit != nil || limits.minBytes != nil || limits.base64
            || limits.maxPixels != nil
            || [limits.maxSide, limits.shortSide, limits.maxWidth, limits.maxHeight].contains { $0 != nil }
        guard fit || !isLimited else {
            throw ValidationError("limits are for images that are fitted on the way; pass --fit, too")
        }
        guard fit || !isolate else { throw ValidationError("--isolate is for images that are fitted; pass --fit, too") }
    }
}

/// Limits of the transfer.
struct UploadTransferOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Bytes of the first chunk; later ones adapt to the connection. (default: 1MiB)", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var chunkSize = ByteCount(1 << 20)

    @Option(
        help: ArgumentHelp(
            "Parts of a file at once: 4 for s3; for tus, more than 1 sends parts that the server joins.",
            valueName: "n"),
        transform: ArgumentParsing.positive)
    var parallel: Int?

    @Option(help: ArgumentHelp("Files at once. (default: 3)", valueName: "n"), transform: ArgumentParsing.positive)
    var jobs = 3

    @Option(
        help: ArgumentHelp("Maximum bytes a second, of all files together.", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var limitRate: ByteCount?

    @Option(
        help: ArgumentHelp("Maximum attempts without progress. (default: 10)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var maxAttempts = 10

    @Option(
        help: ArgumentHelp(
            "Maximum time of one request, after which the server is asked for its offset. (default: 600)",
            valueName: "seconds"),
        transform: ArgumentParsing.positive)
    var attemptTimeout: Int?

    @Flag(inversion: .prefixedNo, help: "Resume an upload that was interrupted.")
    var resume = true

    @Flag(
        help: ArgumentHelp(
            "Send a file again although an earlier request with it may have been carried out (outcome_unknown), and "
                + "files that were sent before."))
    var again = false

    @Flag(help: "Number files that would get the same address (a.jpg, a-2.jpg) instead of refusing them.")
    var numberDuplicates = false

    @Flag(inversion: .prefixedNo, help: "Hash the file and send checksums where the server accepts them.")
    var checksums = true

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: ArgumentHelp("A PEM file with a certificate authority of your own.", valueName: "file"))
    var cacert: PathArgument?

    @OptionGroup var state: LedgerOptions

    /// - Parameter store: `nil` for requests that leave nothing to remember.
    func makeUploader(_ store: (any UploadStore)?) throws -> Uploader {
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "snug/\(Snug.version)"
        configuration.plainHTTP = allowPlainHTTP ? .anywhere : .loopbackOnly
        configuration.additionalCertificates = cacert?.path
        let logger = Logger(label: "snug.upload") { _ in SwiftLogNoOpLogHandler() }
        return Uploader(
            client: try HTTPClient(configuration: configuration, logger: logger),
            store: store, logger: logger)
    }

    /// The options of every upload.
    var options: SnugUpload.UploadOptions {
        var options = SnugUpload.UploadOptions()
        options.chunkSize = chunkSize.bytes
        options.parallelism = parallel
        options.attemptsWithoutProgress = maxAttempts
        if let attemptTimeout { options.attemptTimeout = .seconds(attemptTimeout) }
        options.resumes = resume
        options.repeatsUnknown = again
        options.checksums = checksums
        // After Ctrl-C an upload can be resumed, unless that was ruled out.
        options.discardsWhenCancelled = !resume
        return options
    }
}

/// Commands without an upload.
struct UploadHousekeepingOptions: ParsableArguments {
    @Flag(help: "List uploads that are not finished.")
    var list = false

    @Option(
        help: ArgumentHelp(
            "Give up a pending upload, named as in --list, and remove its part at the server.", valueName: "id"))
    var forget: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Check that the objects of receipts are still there and unchanged. S3 takes its keys from the environment.",
            valueName: "receipt"))
    var verify: [PathArgument] = []

    /// The names of those that are given.
    var given: [String] {
        [("--list", list), ("--forget", !forget.isEmpty), ("--verify", !verify.isEmpty)].filter(\.1).map(\.0)
    }
}
